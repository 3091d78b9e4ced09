package io.sparkdiffusion.graph;

import java.util.Arrays;
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
  private boolean overwritten;

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

  /** For the next operation; none may read what another one has overwritten. */
  String variable() {
    if (overwritten) {
      throw GraphException.cannot(
          "an operation", "its tensors must hold what they were made with", this + " overwritten");
    }
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

  // Elementwise in place: the same values in this tensor's memory, which nothing may read again,
  // neither as this tensor nor as a view of it.

  /** {@code this + other} in this tensor's memory. */
  public Tensor plusInPlace(Tensor other) {
    requireNoBroadcast("add_", other);
    return overwrite("add_", other);
  }

  /** {@code this * other} in this tensor's memory. */
  public Tensor timesInPlace(Tensor other) {
    requireNoBroadcast("mul_", other);
    return overwrite("mul_", other);
  }

  /** {@link #silu()} in this tensor's memory. */
  public Tensor siluInPlace() {
    return overwrite("silu_");
  }

  /** {@link #gelu()} in this tensor's memory. */
  public Tensor geluInPlace() {
    return overwrite("gelu_");
  }

  private Tensor overwrite(String operator, Object... arguments) {
    Tensor result = call(shape, operator, arguments);
    overwritten();
    return result;
  }

  /** No operation may read this from here on. */
  void overwritten() {
    overwritten = true;
  }

  /** The other tensor may be broadcast, this one may not. */
  private void requireNoBroadcast(String operator, Tensor other) {
    boolean fits = other.shape.rank() <= shape.rank();
    for (int i = 1; fits && i <= other.shape.rank(); i++) {
      fits = other.size(-i) == size(-i) || other.size(-i) == 1;
    }
    if (!fits) {
      throw GraphException.cannot(
          operator, "the other shape must broadcast to this one", shape, other.shape);
    }
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
        shape, "torch.to(%s, %s, False, False, None)".formatted(variable(), dtype.code()));
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
          "dimension %s from %s, %s long".formatted(dimension, start, length));
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
    return graph.record(shape, "torch.contiguous(%s, memory_format=2)".formatted(variable()));
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
        first.shape.with(dimension, sum), "torch.cat(%s, %s)".formatted(list, dimension));
  }

  /** Zeros of the type of another tensor. */
  static Tensor zeros(Tensor like, Shape shape) {
    return like.call(
        shape, "new_zeros", shape, "dtype=None, layout=None, device=None, pin_memory=None");
  }

  /** {@code count} more elements at the end of one dimension, all of one value; 0 adds none. */
  public Tensor padded(int dimension, long count, double value) {
    if (count == 0) {
      return this;
    }
    long[] sides = new long[2 * (shape.rank() - dimension)];
    sides[sides.length - 1] = count;
    Shape wanted = shape.with(dimension, size(dimension) + count);
    return call(wanted, "constant_pad_nd", Arrays.toString(sides), value);
  }

  /** The numbers 0 to {@code count - 1} as float32. */
  public static Tensor arange(Graph graph, Tensor like, long count) {
    return graph.record(
        Shape.of(count),
        "torch.arange(%s, dtype=6, layout=None, device=%s, pin_memory=False)"
            .formatted(count, "ops.prim.device(" + like.variable() + ")"));
  }

  /** Rows of a table (N, C) for indices of any shape: indices' shape and C. */
  public Tensor embedding(Tensor indices) {
    requireRank("embedding", 2);
    long[] sizes = Arrays.copyOf(indices.shape.sizes(), indices.shape.rank() + 1);
    sizes[sizes.length - 1] = size(1);
    return call(Shape.of(sizes), "embedding", indices);
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

  Tensor call(Shape result, String operator, Object... arguments) {
    return callIn("torch.", result, operator, arguments);
  }

  /** One call of an operator whose first argument is this. */
  Tensor callIn(String library, Shape result, String operator, Object... arguments) {
    StringBuilder text = new StringBuilder(library).append(operator).append('(').append(variable());
    for (Object argument : arguments) {
      if (argument instanceof Tensor tensor) {
        requireSameGraph(operator, graph, tensor);
      }
      text.append(", ").append(argument instanceof Tensor tensor ? tensor.variable() : argument);
    }
    return graph.record(result, text.append(')').toString());
  }
}
