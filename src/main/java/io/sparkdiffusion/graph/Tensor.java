package io.sparkdiffusion.graph;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A tensor of a graph that is being recorded: a variable of the script and its shape, no values.
 * Each method records one ATen operator and gives its result; names and semantics are PyTorch's.
 */
public final class Tensor {

  private final Graph graph;
  private final String variable;
  private final Shape shape;

  Tensor(Graph graph, String variable, Shape shape) {
    this.graph = graph;
    this.variable = variable;
    this.shape = shape;
  }

  /** The shape. */
  public Shape shape() {
    return shape;
  }

  /** The size of one dimension; negative ones count from the last. */
  public long size(int dimension) {
    return shape.size(dimension);
  }

  Graph graph() {
    return graph;
  }

  String variable() {
    return variable;
  }

  @Override
  public String toString() {
    return variable + shape;
  }

  // Elementwise.

  /** {@code this + other}, broadcast. */
  public Tensor plus(Tensor other) {
    return broadcast("add", other);
  }

  /** {@code this - other}, broadcast. */
  public Tensor minus(Tensor other) {
    return broadcast("sub", other);
  }

  /** {@code this * other}, broadcast. */
  public Tensor times(Tensor other) {
    return broadcast("mul", other);
  }

  /** {@code this / other}, broadcast. */
  public Tensor dividedBy(Tensor other) {
    return broadcast("div", other);
  }

  /** {@code this + number}. */
  public Tensor plus(double number) {
    return call(shape, "add", number);
  }

  /** {@code this * number}. */
  public Tensor times(double number) {
    return call(shape, "mul", number);
  }

  /** {@code this / number}. */
  public Tensor dividedBy(double number) {
    return call(shape, "div", number);
  }

  /** x · sigmoid(x). */
  public Tensor silu() {
    return call(shape, "silu");
  }

  /** The exact gelu, x · Φ(x). */
  public Tensor gelu() {
    return call(shape, "gelu");
  }

  /** 1 / (1 + exp(-x)). */
  public Tensor sigmoid() {
    return call(shape, "sigmoid");
  }

  /** e to the x. */
  public Tensor exp() {
    return call(shape, "exp");
  }

  /** Sine. */
  public Tensor sin() {
    return call(shape, "sin");
  }

  /** Cosine. */
  public Tensor cos() {
    return call(shape, "cos");
  }

  /** The same values in another type. */
  public Tensor to(Dtype dtype) {
    return graph.record(
        shape, "torch.to(%s, %d, False, False, None)".formatted(variable, dtype.code()));
  }

  /** The standard deviation over all but the first dimension, unbiased: (B, 1, ...). */
  public Tensor standardDeviation() {
    long[] sizes = new long[shape.rank()];
    Arrays.fill(sizes, 1);
    sizes[0] = size(0);
    int[] over = IntStream.range(1, shape.rank()).toArray();
    return call(Shape.of(sizes), "std", Arrays.toString(over), "True", "True");
  }

  // Shapes and memory.

  /** The same elements in another shape. */
  public Tensor reshape(long... sizes) {
    Shape wanted = Shape.of(sizes);
    if (wanted.count() != shape.count()) {
      throw GraphException.cannot("reshape", "the number of elements must stay", shape, wanted);
    }
    return call(wanted, "reshape", wanted);
  }

  /** The dimensions in another order. */
  public Tensor permute(int... order) {
    int[] all = IntStream.range(0, shape.rank()).toArray();
    if (!Arrays.equals(Arrays.stream(order).sorted().toArray(), all)) {
      throw GraphException.cannot(
          "permute", "every dimension must be named once", shape, Arrays.toString(order));
    }
    long[] sizes = Arrays.stream(order).mapToLong(shape::size).toArray();
    return call(Shape.of(sizes), "permute", Arrays.toString(order));
  }

  /** Two dimensions exchanged. */
  public Tensor transpose(int first, int second) {
    Shape swapped = shape.with(first, size(second)).with(second, size(first));
    return call(swapped, "transpose", first, second);
  }

  /** A part of one dimension, {@code length} from {@code start}. */
  public Tensor narrow(int dimension, long start, long length) {
    if (start < 0 || length < 1 || start + length > size(dimension)) {
      throw GraphException.cannot(
          "narrow",
          "the part must lie inside the dimension",
          shape,
          "dimension %d from %d, %d long".formatted(dimension, start, length));
    }
    return call(shape.with(dimension, length), "narrow", dimension, start, length);
  }

  /** A new dimension of size 1. */
  public Tensor unsqueeze(int dimension) {
    if (dimension < 0 || dimension > shape.rank()) {
      throw GraphException.cannot("unsqueeze", "the place must be 0 to the rank", shape, dimension);
    }
    long[] sizes = new long[shape.rank() + 1];
    for (int i = 0, from = 0; i < sizes.length; i++) {
      sizes[i] = i == dimension ? 1 : shape.size(from++);
    }
    return call(Shape.of(sizes), "unsqueeze", dimension);
  }

  /** NHWC in memory, the layout in which convolutions are fast; the shape stays (B, C, H, W). */
  public Tensor channelsLast() {
    requireRank("channels-last", 4);
    return graph.record(shape, "torch.contiguous(%s, memory_format=2)".formatted(variable));
  }

  /** Several tensors one after another in one dimension. */
  public static Tensor cat(int dimension, Tensor... tensors) {
    Tensor first = tensors[0];
    long sum = 0;
    for (Tensor tensor : tensors) {
      requireSameGraph("cat", first.graph, tensor);
      if (!tensor.shape.with(dimension, 0).equals(first.shape.with(dimension, 0))) {
        throw GraphException.cannot(
            "cat", "all other dimensions must agree", first.shape, tensor.shape);
      }
      sum += tensor.size(dimension);
    }
    String list =
        Arrays.stream(tensors).map(Tensor::variable).collect(Collectors.joining(", ", "[", "]"));
    return first.graph.record(
        first.shape.with(dimension, sum), "torch.cat(%s, %d)".formatted(list, dimension));
  }

  /** The numbers 0 to {@code count - 1} as float32. */
  public static Tensor arange(Graph graph, Tensor like, long count) {
    return graph.record(
        Shape.of(count),
        "torch.arange(%d, dtype=6, layout=None, device=%s, pin_memory=False)"
            .formatted(count, "ops.prim.device(" + like.variable + ")"));
  }

  // Layers; those with weights are reached through a Scope.

  /** {@code this · weightᵀ + bias} over the last dimension; weight (O, I), bias (O). */
  Tensor linear(Tensor weight, List<Tensor> bias) {
    if (size(-1) != weight.size(1)) {
      throw GraphException.cannot(
          "linear", "the last dimension must be the weight's second", shape, weight.shape);
    }
    Shape result = shape.with(-1, weight.size(0));
    if (weight.isPacked(new Packing.Linear(shape.count() / size(-1)))) {
      return oneDnn(result, "_linear_pointwise", weight, optional(bias));
    }
    return call(result, "linear", weight, optional(bias));
  }

  /** 2-d convolution of (B, C, H, W) with weight (O, C, K, K) and bias (O). */
  Tensor conv2d(Tensor weight, Tensor bias, int stride, int padding) {
    requireRank("conv2d", 4);
    if (size(1) != weight.size(1)) {
      throw GraphException.cannot(
          "conv2d", "the channels must be the weight's second size", shape, weight.shape);
    }
    long height = (size(2) + 2L * padding - weight.size(2)) / stride + 1;
    long width = (size(3) + 2L * padding - weight.size(3)) / stride + 1;
    Shape result = Shape.of(size(0), weight.size(0), height, width);
    String strides = "[%1$d, %1$d]".formatted(stride);
    String paddings = "[%1$d, %1$d]".formatted(padding);
    if (weight.isPacked(new Packing.Convolution(shape, stride, padding))) {
      return oneDnn(result, "_convolution_pointwise", weight, bias, paddings, strides, "[1, 1]", 1);
    }
    return call(result, "conv2d", weight, bias, strides, paddings, "[1, 1]", 1);
  }

  /** Nearest-neighbour doubling, then a 3x3 convolution: (B, C, H, W) to (B, O, 2 H, 2 W). */
  Tensor doubledConv2d(Tensor weight, Tensor bias) {
    requireRank("doubled conv2d", 4);
    if (weight.isPacked(new Packing.Doubled(shape))) {
      Shape result = Shape.of(size(0), weight.size(0), 2 * size(2), 2 * size(3));
      return graph.record(result, Doubling.call(this, graph.weightName(weight), bias));
    }
    return upsampleNearest(2 * size(2), 2 * size(3)).conv2d(weight, bias, 1, 1);
  }

  /** Whether this weight is kept in oneDNN's layout; the graph notes for which input. */
  private boolean isPacked(Packing packing) {
    return graph.packs(this, packing);
  }

  /** An operator that can apply another one to its result; here it applies none. */
  private Tensor oneDnn(Shape result, String operator, Object... arguments) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 3);
    all[arguments.length] = "\"none\"";
    all[arguments.length + 1] = "annotate(List[Optional[number]], [])";
    all[arguments.length + 2] = "\"\"";
    return callIn("ops.mkldnn.", result, operator, all);
  }

  /** Rows of a table (N, C) for indices of any shape: indices' shape and C. */
  public Tensor embedding(Tensor indices) {
    requireRank("embedding", 2);
    long[] sizes = Arrays.copyOf(indices.shape.sizes(), indices.shape.rank() + 1);
    sizes[sizes.length - 1] = size(1);
    return call(Shape.of(sizes), "embedding", indices);
  }

  /** Group norm of (B, C, ...); weight and bias (C). */
  Tensor groupNorm(long groups, Tensor weight, Tensor bias, double epsilon) {
    if (size(1) % groups != 0) {
      throw GraphException.cannot(
          "group norm", "the channels must be a multiple of the groups", shape, groups);
    }
    return call(shape, "group_norm", groups, weight, bias, epsilon);
  }

  /** Layer norm over the last dimension. */
  Tensor layerNorm(Tensor weight, Tensor bias, double epsilon) {
    return call(shape, "layer_norm", Shape.of(size(-1)), weight, bias, epsilon);
  }

  /** Nearest-neighbour resampling of (B, C, H, W). */
  public Tensor upsampleNearest(long height, long width) {
    requireRank("upsample", 4);
    Shape wanted = shape.with(2, height).with(3, width);
    return call(wanted, "upsample_nearest2d", Shape.of(height, width), "None", "None");
  }

  void requireRank(String operation, int rank) {
    if (shape.rank() != rank) {
      throw GraphException.cannot(operation, "it takes " + rank + " dimensions", shape);
    }
  }

  private static void requireSameGraph(String operation, Graph graph, Tensor argument) {
    if (argument.graph != graph) {
      throw GraphException.cannot(
          operation, "all tensors must be of one graph", graph.name(), argument.graph.name());
    }
  }

  private Tensor broadcast(String operator, Tensor other) {
    int rank = Math.max(shape.rank(), other.shape.rank());
    long[] sizes = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long mine = i <= shape.rank() ? size(-i) : 1;
      long theirs = i <= other.shape.rank() ? other.size(-i) : 1;
      if (mine != theirs && mine != 1 && theirs != 1) {
        throw GraphException.cannot(operator, "shapes must broadcast", shape, other.shape);
      }
      sizes[rank - i] = mine == 1 ? theirs : mine;
    }
    return call(Shape.of(sizes), operator, other);
  }

  private static Object optional(List<Tensor> bias) {
    return bias.isEmpty() ? "None" : bias.get(0);
  }

  Tensor call(Shape result, String operator, Object... arguments) {
    return callIn("torch.", result, operator, arguments);
  }

  private Tensor callIn(String library, Shape result, String operator, Object... arguments) {
    StringBuilder text = new StringBuilder(library).append(operator).append('(').append(variable);
    for (Object argument : arguments) {
      if (argument instanceof Tensor tensor) {
        requireSameGraph(operator, graph, tensor);
      }
      text.append(", ").append(argument instanceof Tensor tensor ? tensor.variable : argument);
    }
    return graph.record(result, text.append(')').toString());
  }
}
