package io.sparkdiffusion.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The result of a node of a graph that is being recorded: a shape, no values. Each method records
 * one operator of PyTorch's and gives its result.
 */
public final class Tensor {

  private final Graph graph;
  private final Node node;

  Tensor(Graph graph, Node node) {
    this.graph = graph;
    this.node = node;
  }

  /** The shape. */
  public Shape shape() {
    return node.shape();
  }

  /** The size of one dimension; negative ones count from the last. */
  public long size(int dimension) {
    return shape().size(dimension);
  }

  Node node() {
    return node;
  }

  /** {@code this + other}, broadcast. */
  public Tensor plus(Tensor other) {
    return broadcast(Op.ADD, other);
  }

  /** {@code this - other}, broadcast. */
  public Tensor minus(Tensor other) {
    return broadcast(Op.SUB, other);
  }

  /** {@code this * other}, broadcast. */
  public Tensor times(Tensor other) {
    return broadcast(Op.MUL, other);
  }

  /** {@code this / other}, broadcast. */
  public Tensor dividedBy(Tensor other) {
    return broadcast(Op.DIV, other);
  }

  /** {@code this + number}. */
  public Tensor plus(double number) {
    return record(Op.ADD, shape(), Map.of("number", number));
  }

  /** {@code this * number}. */
  public Tensor times(double number) {
    return record(Op.MUL, shape(), Map.of("number", number));
  }

  /** {@code this / number}. */
  public Tensor dividedBy(double number) {
    return record(Op.DIV, shape(), Map.of("number", number));
  }

  /** x · sigmoid(x). */
  public Tensor silu() {
    return record(Op.SILU, shape());
  }

  /** The exact gelu, x · Φ(x). */
  public Tensor gelu() {
    return record(Op.GELU, shape());
  }

  /** 1 / (1 + exp(-x)). */
  public Tensor sigmoid() {
    return record(Op.SIGMOID, shape());
  }

  /** e to the x. */
  public Tensor exp() {
    return record(Op.EXP, shape());
  }

  /** Sine. */
  public Tensor sin() {
    return record(Op.SIN, shape());
  }

  /** Cosine. */
  public Tensor cos() {
    return record(Op.COS, shape());
  }

  /** The nearest whole numbers, of two the even one. */
  public Tensor round() {
    return record(Op.ROUND, shape());
  }

  /** At least one number and at most another. */
  public Tensor clamp(double least, double most) {
    return record(Op.CLAMP, shape(), Map.of("least", least, "most", most));
  }

  /** The same values in another type. */
  public Tensor to(Dtype dtype) {
    return record(Op.TO, shape(), Map.of("dtype", dtype));
  }

  /** The standard deviation over all but the first dimension, unbiased: (B, 1, ...). */
  public Tensor standardDeviation() {
    return record(Op.STD, reduced());
  }

  /** Whether all numbers but those of other rows are finite, 1 or 0: (B, 1, ...). */
  public Tensor allFinite() {
    return record(Op.ALL_FINITE, reduced());
  }

  private Shape reduced() {
    long[] sizes = new long[shape().rank()];
    Arrays.fill(sizes, 1);
    sizes[0] = size(0);
    return Shape.of(sizes);
  }

  /** The same elements in another shape. */
  public Tensor reshape(long... sizes) {
    Shape wanted = Shape.of(sizes);
    if (wanted.count() != shape().count()) {
      throw GraphException.cannot("reshape", "the number of elements must stay", shape(), wanted);
    }
    return record(Op.RESHAPE, wanted);
  }

  /** The dimensions in another order. */
  public Tensor permute(int... order) {
    int[] all = IntStream.range(0, shape().rank()).toArray();
    if (!Arrays.equals(Arrays.stream(order).sorted().toArray(), all)) {
      throw GraphException.cannot(
          "permute", "every dimension must be named once", shape(), Arrays.toString(order));
    }
    long[] sizes = Arrays.stream(order).mapToLong(shape()::size).toArray();
    List<Long> places = Arrays.stream(order).mapToObj(Long::valueOf).toList();
    return record(Op.PERMUTE, Shape.of(sizes), Map.of("order", places));
  }

  /** Two dimensions exchanged. */
  public Tensor transpose(int first, int second) {
    Shape swapped = shape().with(first, size(second)).with(second, size(first));
    return record(Op.TRANSPOSE, swapped, Map.of("first", (long) first, "second", (long) second));
  }

  /** A part of one dimension, {@code length} from {@code start}. */
  public Tensor narrow(int dimension, long start, long length) {
    if (start < 0 || length < 1 || start + length > size(dimension)) {
      throw GraphException.cannot(
          "narrow",
          "the part must lie inside the dimension",
          shape(),
          "dimension %s from %s, %s long".formatted(dimension, start, length));
    }
    return record(
        Op.NARROW,
        shape().with(dimension, length),
        Map.of("dimension", (long) dimension, "start", start));
  }

  /** (B, C, H, W) with rows and columns of zeros behind its own: (B, C, H + rows, W + columns). */
  public Tensor zeroPadded(long rows, long columns) {
    requireRank("pad", 4);
    Shape larger = shape().with(2, size(2) + rows).with(3, size(3) + columns);
    return record(Op.PAD, larger, Map.of("value", 0.0));
  }

  /** A new dimension of size 1. */
  public Tensor unsqueeze(int dimension) {
    if (dimension < 0 || dimension > shape().rank()) {
      throw GraphException.cannot(
          "unsqueeze", "the place must be 0 to the rank", shape(), dimension);
    }
    return record(
        Op.UNSQUEEZE, shape().unsqueezed(dimension), Map.of("dimension", (long) dimension));
  }

  /** Several tensors one after another in one dimension. */
  public static Tensor cat(int dimension, Tensor... tensors) {
    Tensor first = tensors[0];
    long sum = 0;
    for (Tensor tensor : tensors) {
      if (!tensor.shape().with(dimension, 0).equals(first.shape().with(dimension, 0))) {
        throw GraphException.cannot(
            "cat", "all other dimensions must agree", first.shape(), tensor.shape());
      }
      sum += tensor.size(dimension);
    }
    return first.record(
        Op.CAT,
        first.shape().with(dimension, sum),
        Map.of("dimension", (long) dimension),
        List.of(tensors).subList(1, tensors.length));
  }

  /** So many copies one after another in the first dimension; of one copy it is the tensor. */
  public Tensor repeated(long copies) {
    Tensor[] all = new Tensor[Math.toIntExact(copies)];
    Arrays.fill(all, this);
    return copies == 1 ? this : cat(0, all);
  }

  /** The numbers 0 to {@code count - 1} as float32, where another tensor is. */
  public static Tensor arange(Tensor like, long count) {
    return like.record(Op.ARANGE, Shape.of(count));
  }

  /** Rows of a table (N, C) for indices of any shape: indices' shape and C. */
  public Tensor embedding(Tensor indices) {
    requireRank("embedding", 2);
    long[] sizes =
        LongStream.concat(LongStream.of(indices.shape().sizes()), LongStream.of(size(1))).toArray();
    return record(Op.EMBEDDING, Shape.of(sizes), Map.of(), List.of(indices));
  }

  /** Nearest-neighbour resampling of (B, C, H, W). */
  public Tensor upsampleNearest(long height, long width) {
    requireRank("upsample", 4);
    return record(Op.UPSAMPLE_NEAREST, shape().with(2, height).with(3, width));
  }

  void requireRank(String operation, int rank) {
    if (shape().rank() != rank) {
      throw GraphException.cannot(operation, "it takes " + rank + " dimensions", shape());
    }
  }

  private static String named(Op operator) {
    return operator.name().toLowerCase(Locale.ROOT);
  }

  private Tensor broadcast(Op operator, Tensor other) {
    Shape both = shape().broadcast(named(operator), other.shape());
    return record(operator, both, Map.of(), List.of(other));
  }

  private Tensor record(Op operator, Shape result) {
    return record(operator, result, Map.of());
  }

  private Tensor record(Op operator, Shape result, Map<String, Object> attributes) {
    return record(operator, result, attributes, List.of());
  }

  /** Appends an operator whose first input is this. */
  Tensor record(Op operator, Shape result, Map<String, Object> attributes, List<Tensor> others) {
    List<Node> inputs = new ArrayList<>(List.of(node));
    for (Tensor other : others) {
      if (other.graph != graph) {
        throw GraphException.cannot(
            named(operator), "all tensors must be of one graph", graph.name(), other.graph.name());
      }
      inputs.add(other.node);
    }
    return graph.record(new Node(operator, result, attributes, inputs));
  }
}
