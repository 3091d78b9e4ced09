package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/**
 * Graphs computed in plain Java, number by number in float32, for small shapes: what an operator
 * means, said without libtorch. What a kernel overwrites cannot be read again, as a view neither.
 */
public final class Interpreter {

  private final Map<String, float[]> weights;
  private final Map<String, Packing> packings;
  private final Map<String, Shape> shapes;
  private final List<float[]> inputs;
  private final Map<Node, Values> values = new HashMap<>();
  private final Set<Node> overwritten = new HashSet<>();

  private Interpreter(Graph graph, Map<String, float[]> weights, List<float[]> inputs) {
    this.weights = weights;
    this.packings = Packing.of(graph);
    this.shapes = graph.weights();
    this.inputs = inputs;
  }

  /** The result of a graph for one array for each input. */
  public static float[] run(Graph graph, Map<String, float[]> weights, float[]... inputs) {
    Interpreter interpreter = new Interpreter(graph, weights, List.of(inputs));
    Memory memory = new Memory(graph);
    for (Node node : graph.nodes()) {
      Values value = interpreter.value(node);
      if (!value.shape().equals(node.shape())) {
        throw new IllegalStateException(node + " has shape " + value.shape());
      }
      interpreter.values.put(node, value);
      if (node.operator() instanceof KernelOp kernel && kernel.overwrites()) {
        Node owner = memory.owner(node);
        interpreter.values.keySet().stream()
            .filter(other -> other != node && memory.owner(other) == owner)
            .forEach(interpreter.overwritten::add);
      }
    }
    return interpreter.values.get(graph.result()).numbers();
  }

  private Values in(Node node, int index) {
    Node input = node.input(index);
    if (overwritten.contains(input)) {
      throw new IllegalStateException(node + " reads " + input + ", which was overwritten");
    }
    return Objects.requireNonNull(values.get(input), node::toString);
  }

  private Values value(Node node) {
    return node.operator() instanceof Op op
        ? value(node, op)
        : value(node, (KernelOp) node.operator());
  }

  private Values value(Node node, Op op) {
    return switch (op) {
      case INPUT -> new Values(node.shape(), inputs.get((int) node.integer("index")));
      case WEIGHT -> stored(node.text("name"));
      case ADD -> combined(node, Double::sum);
      case SUB -> combined(node, (a, b) -> a - b);
      case MUL -> combined(node, (a, b) -> a * b);
      case DIV -> combined(node, (a, b) -> a / b);
      case SILU -> in(node, 0).each(Interpreter::silu);
      case GELU -> in(node, 0).each(Interpreter::gelu);
      case SIGMOID -> in(node, 0).each(x -> 1 / (1 + Math.exp(-x)));
      case EXP -> in(node, 0).each(Math::exp);
      case SIN -> in(node, 0).each(Math::sin);
      case COS -> in(node, 0).each(Math::cos);
      case ROUND -> in(node, 0).each(Math::rint);
      case CLAMP ->
          in(node, 0).each(x -> Math.min(Math.max(x, node.number("least")), node.number("most")));
      case TO -> in(node, 0);
      case STD -> Reductions.deviation(in(node, 0), node.shape());
      case ALL_FINITE -> Reductions.finite(in(node, 0), node.shape());
      case RESHAPE, UNSQUEEZE -> in(node, 0).reshaped(node.shape());
      case PERMUTE -> permuted(node);
      case TRANSPOSE -> transposed(node);
      case NARROW -> narrowed(node);
      case PAD -> padded(node);
      case CAT -> joined(node);
      case ARANGE -> Values.of(node.shape(), indices -> indices[0]);
      case EMBEDDING -> embedded(node);
      case UPSAMPLE_NEAREST -> upsampled(in(node, 0), node.shape());
      case LINEAR -> linear(node, in(node, 1), 2);
      case CONV2D -> convolution(node, 0, in(node, 1), 2);
      case GROUP_NORM ->
          Reductions.groupNorm(
              in(node, 0),
              in(node, 1),
              in(node, 2),
              node.integer("groups"),
              node.number("epsilon"));
      case LAYER_NORM ->
          Reductions.layerNorm(in(node, 0), in(node, 1), in(node, 2), node.number("epsilon"));
      case ATTENTION -> attention(node);
    };
  }

  private Values value(Node node, KernelOp kernel) {
    return switch (kernel) {
      case CHANNELS_LAST -> in(node, 0);
      case ZEROS -> Values.of(node.shape(), indices -> 0);
      case MATMUL -> Reductions.product(in(node, 0), in(node, 1), node.shape());
      case SOFTMAX -> Reductions.softmax(in(node, 0));
      case ATTENTION_IN_BLOCKS ->
          Reductions.attention(in(node, 0), in(node, 1), in(node, 2), 1, (q, k) -> 0);
      case MASKED_ATTENTION -> {
        Values mask = in(node, 3);
        yield Reductions.attention(
            in(node, 0), in(node, 1), in(node, 2), scale(node), (q, k) -> mask.at(0, 0, 0, k));
      }
      case ADD_INTO -> combined(node, Double::sum);
      case MUL_INTO -> combined(node, (a, b) -> a * b);
      case SILU_INTO -> in(node, 0).each(Interpreter::silu);
      case GELU_INTO -> in(node, 0).each(Interpreter::gelu);
      case PACKED_WEIGHT -> packed(node.text("name"), 0);
      case WEIGHT_PART -> packed(node.text("name").replaceFirst("/second$", ""), 1);
      case PACKED_LINEAR -> linear(node, in(node, 1), 2);
      case LINEAR_PLUS -> linear(node, in(node, 1), 2).with(in(node, 3), node.shape(), Double::sum);
      case LINEAR_TIMES ->
          linear(node, in(node, 1), 2).with(in(node, 3), node.shape(), (a, b) -> a * b);
      case LINEAR_GELU -> linear(node, in(node, 1), 2).each(Interpreter::gelu);
      case PACKED_CONV2D, CUDNN_CONV2D -> convolution(node, 0, in(node, 1), 2);
      case CONV2D_INTO ->
          convolution(node, 1, in(node, 2), 3).with(in(node, 0), node.shape(), Double::sum);
      case CUDA_ATTENTION -> attention(node);
      case TO_FLOAT32, TYPE_AS -> in(node, 0);
      case MOMENTS -> Reductions.moments(in(node, 0), node.number("epsilon"));
      case PRODUCT_PLUS ->
          Reductions.linear(in(node, 0), in(node, 1), node.shape())
              .with(in(node, 2), node.shape(), Double::sum);
      case UPSAMPLED_CONV2D ->
          Reductions.convolution(
              upsampled(in(node, 0), node.shape().with(1, node.input(0).shape().size(1))),
              stored(node.text("name")),
              in(node, 1),
              1,
              1);
    };
  }

  private Values stored(String name) {
    return new Values(
        Objects.requireNonNull(shapes.get(name), name),
        Objects.requireNonNull(weights.get(name), name));
  }

  /** A weight that is packed, of those in halves one half. */
  private Values packed(String name, int half) {
    Values whole = stored(name);
    Packing packing = packings.get(name);
    if (packing instanceof Packing.Linear || packing instanceof Packing.Convolution) {
      return whole;
    }
    int dimension = packing instanceof Packing.Halves ? 0 : 1;
    long size = whole.shape().size(dimension) / 2;
    return part(whole, whole.shape().with(dimension, size), dimension, half * size);
  }

  private Values combined(Node node, DoubleBinaryOperator function) {
    if (node.has("number")) {
      double number = node.number("number");
      return in(node, 0).each(x -> function.applyAsDouble(x, (float) number));
    }
    return in(node, 0).with(in(node, 1), node.shape(), function);
  }

  private Values permuted(Node node) {
    List<?> order = node.attribute("order", List.class);
    return in(node, 0)
        .moved(
            node.shape(),
            indices -> {
              long[] from = new long[indices.length];
              IntStream.range(0, from.length)
                  .forEach(i -> from[Math.toIntExact((Long) order.get(i))] = indices[i]);
              return from;
            });
  }

  private Values transposed(Node node) {
    int rank = node.shape().rank();
    int first = Math.floorMod(node.integer("first"), rank);
    int second = Math.floorMod(node.integer("second"), rank);
    return in(node, 0)
        .moved(
            node.shape(),
            indices -> {
              long kept = indices[first];
              indices[first] = indices[second];
              indices[second] = kept;
              return indices;
            });
  }

  private Values narrowed(Node node) {
    int dimension = Math.floorMod(node.integer("dimension"), node.shape().rank());
    return part(in(node, 0), node.shape(), dimension, node.integer("start"));
  }

  private static Values part(Values whole, Shape shape, int dimension, long start) {
    return whole.moved(
        shape,
        indices -> {
          indices[dimension] += start;
          return indices;
        });
  }

  private Values joined(Node node) {
    int dimension = Math.floorMod(node.integer("dimension"), node.shape().rank());
    return Values.of(
        node.shape(),
        indices -> {
          long[] own = indices.clone();
          int index = 0;
          while (own[dimension] >= node.input(index).shape().size(dimension)) {
            own[dimension] -= node.input(index++).shape().size(dimension);
          }
          return in(node, index).at(own);
        });
  }

  private Values padded(Node node) {
    Values x = in(node, 0);
    return Values.of(
        node.shape(),
        indices ->
            IntStream.range(0, indices.length).allMatch(i -> indices[i] < x.shape().size(i))
                ? x.at(indices)
                : (float) node.number("value"));
  }

  private Values embedded(Node node) {
    Values table = in(node, 0);
    Values ids = in(node, 1);
    return Values.of(
        node.shape(),
        indices -> {
          long[] of = Arrays.copyOf(indices, indices.length - 1);
          return table.at((long) ids.at(of), indices[indices.length - 1]);
        });
  }

  private static Values upsampled(Values x, Shape shape) {
    return x.moved(
        shape,
        indices -> {
          indices[2] = indices[2] * x.shape().size(2) / shape.size(2);
          indices[3] = indices[3] * x.shape().size(3) / shape.size(3);
          return indices;
        });
  }

  private Values linear(Node node, Values weight, int bias) {
    Values product = Reductions.linear(in(node, 0), weight, node.shape());
    return bias < node.inputs().size()
        ? product.with(in(node, bias), node.shape(), Double::sum)
        : product;
  }

  private Values convolution(Node node, int x, Values weight, int bias) {
    int padding = (int) node.integer("padding");
    int stride = node.has("stride") ? (int) node.integer("stride") : 1;
    long outputs = weight.shape().size(0);
    Values added =
        bias < node.inputs().size() ? in(node, bias) : Values.of(Shape.of(outputs), indices -> 0);
    return Reductions.convolution(in(node, x), weight, added, stride, padding);
  }

  private Values attention(Node node) {
    boolean causal = node.attribute("kind", Attention.Kind.class) == Attention.Kind.CAUSAL;
    return Reductions.attention(
        in(node, 0),
        in(node, 1),
        in(node, 2),
        scale(node),
        (q, k) -> causal && k > q ? Double.NEGATIVE_INFINITY : 0);
  }

  private static double scale(Node node) {
    return 1 / Math.sqrt((double) node.input(0).shape().size(3));
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  /** x · Φ(x), with erf by its series or its continued fraction. */
  private static double gelu(double x) {
    return x * (1 + Reductions.erf(x / Math.sqrt(2))) / 2;
  }
}
