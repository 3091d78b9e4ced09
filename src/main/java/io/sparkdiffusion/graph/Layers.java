package io.sparkdiffusion.graph;

import java.util.List;
import java.util.stream.Stream;

/**
 * Layers over given weights, by the kernels of the graph's target; a {@link Scope} finds the
 * weights.
 */
final class Layers {

  private static final String ONE_DNN = "ops.mkldnn.";

  /** Channels of a 3x3 convolution's input up to which tiles are fast (docs/decisions/0006). */
  private static final long WIDE = 640;

  private static final String NO_NUMBERS = "annotate(List[Optional[number]], [])";

  private Layers() {}

  /** {@code x · weightᵀ + bias} over the last dimension; weight (O, I), bias (O). */
  static Tensor linear(Tensor x, Tensor weight, List<Tensor> bias) {
    Shape result = projected(x, weight);
    Object added = bias.isEmpty() ? "None" : bias.get(0);
    if (isPacked(weight, new Packing.Linear(rows(x)))) {
      return oneDnn(x, result, "_linear_pointwise", weight, added);
    }
    return x.call(result, "linear", weight, added);
  }

  /** {@code x · weightᵀ + bias + residual}; the residual has the result's shape. */
  static Tensor linear(Tensor x, Tensor weight, Tensor bias, Tensor residual) {
    Shape result = projected(x, weight);
    if (isFused(weight, new Packing.Linear(rows(x)))) {
      requireShape("linear", result, residual);
      return x.callIn(ONE_DNN, result, "_linear_pointwise", residual, weight, bias, "\"add\"");
    }
    return linear(x, weight, List.of(bias)).plusInPlace(residual);
  }

  /**
   * {@code value · gelu(gate)} of one projection that gives both, the value first (GEGLU, arXiv
   * 2002.05202); weight (2 O, I), bias (2 O).
   */
  static Tensor geglu(Tensor x, Tensor weight, Tensor bias) {
    long inner = weight.size(0) / 2;
    Shape result = projected(x, weight).with(-1, inner);
    if (isFused(weight, new Packing.Halves(rows(x)))) {
      Tensor gateWeight = second(weight, Shape.of(inner, x.size(-1)));
      Tensor gateBias = bias.narrow(0, inner, inner);
      Object[] gelu = {gateWeight, gateBias, "\"gelu\"", NO_NUMBERS, "\"none\""};
      Tensor gate = x.callIn(ONE_DNN, result, "_linear_pointwise", gelu);
      Tensor valueBias = bias.narrow(0, 0, inner);
      return x.callIn(ONE_DNN, result, "_linear_pointwise", gate, weight, valueBias, "\"mul\"");
    }
    Tensor both = linear(x, weight, List.of(bias));
    return both.narrow(-1, inner, inner).gelu().timesInPlace(both.narrow(-1, 0, inner));
  }

  /** 2-d convolution of (B, C, H, W) with weight (O, C, K, K) and bias (O). */
  static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, int stride, int padding) {
    Shape result = convolved(x, weight, stride, padding);
    if (stride == 1 && takesInputInHalves(x, weight, padding)) {
      Tensor begun = oneDnnConv2d(inputHalf(x, 0), result, weight, bias, 1, padding);
      return withSecondHalf(begun, x, weight, padding);
    }
    if (isPacked(weight, new Packing.Convolution(x.shape(), stride, padding))) {
      return oneDnnConv2d(x, result, weight, bias, stride, padding);
    }
    if (x.graph().target().instructsCudnn()) {
      return cudnnConv2d(x, result, weight, bias, stride, padding);
    }
    return x.call(result, "conv2d", weight, bias, sides(stride), sides(padding), "[1, 1]", 1);
  }

  /** ATen's convolution with what {@code torch.backends.cudnn} sets in Python. */
  private static Tensor cudnnConv2d(
      Tensor x, Shape result, Tensor weight, Tensor bias, int stride, int padding) {
    Object[] convolution = {weight, bias, sides(stride), sides(padding), "[1, 1]"};
    Object[] notTransposed = {"False", "[0, 0]", 1};
    Object[] benchmarkDeterministicEnabledTf32 = {"False", "True", "True", "False"};
    return x.call(
        result,
        "_convolution",
        concat(concat(convolution, notTransposed), benchmarkDeterministicEnabledTf32));
  }

  /**
   * A convolution that keeps the picture's size, plus a sum of the result's shape, which nothing
   * may read again: its memory may hold the result.
   */
  static Tensor conv2dPlus(Tensor x, Tensor weight, Tensor bias, Tensor sum) {
    int padding = Math.toIntExact(weight.size(2) / 2);
    requireShape("conv2d", convolved(x, weight, 1, padding), sum);
    Tensor result;
    if (takesInputInHalves(x, weight, padding)) {
      Tensor begun = convolvedInto(sum, inputHalf(x, 0), weight, bias, padding);
      result = withSecondHalf(begun, x, weight, padding);
    } else if (isFused(weight, new Packing.Convolution(x.shape(), 1, padding))) {
      result = convolvedInto(sum, x, weight, bias, padding);
    } else {
      result = conv2d(x, weight, bias, 1, padding).plusInPlace(sum);
    }
    sum.overwritten();
    return result;
  }

  /** Whether tiles multiply the weight faster as two, which its own sizes decide. */
  private static boolean takesInputInHalves(Tensor x, Tensor weight, int padding) {
    long channels = weight.size(1);
    return x.graph().target().multipliesInTiles()
        && weight.size(2) == 3
        && channels > WIDE
        && channels <= 2 * WIDE
        && channels % 2 == 0
        && isPacked(weight, new Packing.InputHalves(x.shape(), padding));
  }

  private static Tensor inputHalf(Tensor x, int index) {
    long half = x.size(1) / 2;
    return x.narrow(1, index * half, half).channelsLast();
  }

  private static Tensor withSecondHalf(Tensor begun, Tensor x, Tensor weight, int padding) {
    return convolvedInto(begun, inputHalf(x, 1), second(weight, weight.shape()), "None", padding);
  }

  private static Tensor second(Tensor weight, Shape shape) {
    Graph graph = weight.graph();
    return graph.record(shape, Graph.stored(Packing.second(graph.weightName(weight))));
  }

  private static Tensor oneDnnConv2d(
      Tensor x, Shape result, Tensor weight, Tensor bias, int stride, int padding) {
    return oneDnn(
        x,
        result,
        "_convolution_pointwise",
        weight,
        bias,
        sides(padding),
        sides(stride),
        "[1, 1]",
        1);
  }

  private static Tensor convolvedInto(
      Tensor sum, Tensor x, Tensor weight, Object bias, int padding) {
    Object[] convolution = {x, weight, bias, sides(padding), "[1, 1]", "[1, 1]", 1};
    Object[] adding = {"\"add\"", "1.", "None", NO_NUMBERS, "None"};
    return sum.callIn(ONE_DNN, sum.shape(), "_convolution_pointwise_", concat(convolution, adding));
  }

  private static String sides(int size) {
    return "[%1$s, %1$s]".formatted(size);
  }

  private static Shape projected(Tensor x, Tensor weight) {
    if (x.size(-1) != weight.size(1)) {
      throw GraphException.cannot(
          "linear", "the last dimension must be the weight's second", x.shape(), weight.shape());
    }
    return x.shape().with(-1, weight.size(0));
  }

  private static long rows(Tensor x) {
    return x.shape().count() / x.size(-1);
  }

  private static Shape convolved(Tensor x, Tensor weight, int stride, int padding) {
    x.requireRank("conv2d", 4);
    if (x.size(1) != weight.size(1)) {
      throw GraphException.cannot(
          "conv2d", "the channels must be the weight's second size", x.shape(), weight.shape());
    }
    long height = (x.size(2) + 2L * padding - weight.size(2)) / stride + 1;
    long width = (x.size(3) + 2L * padding - weight.size(3)) / stride + 1;
    return Shape.of(x.size(0), weight.size(0), height, width);
  }

  private static void requireShape(String operator, Shape result, Tensor residual) {
    if (!residual.shape().equals(result)) {
      throw GraphException.cannot(
          operator, "the residual must have the result's shape", result, residual.shape());
    }
  }

  /** Nearest-neighbour doubling, then a 3x3 convolution: (B, C, H, W) to (B, O, 2 H, 2 W). */
  static Tensor doubledConv2d(Tensor x, Tensor weight, Tensor bias) {
    x.requireRank("doubled conv2d", 4);
    if (isPacked(weight, new Packing.Doubled(x.shape()))) {
      return Doubling.convolution(x, weight, bias);
    }
    return conv2d(x.upsampleNearest(2 * x.size(2), 2 * x.size(3)), weight, bias, 1, 1);
  }

  /** Group norm of (B, C, ...); weight and bias (C). */
  static Tensor groupNorm(Tensor x, long groups, Tensor weight, Tensor bias, double epsilon) {
    if (x.size(1) % groups != 0) {
      throw GraphException.cannot(
          "group norm", "the channels must be a multiple of the groups", x.shape(), groups);
    }
    return x.call(x.shape(), "group_norm", groups, weight, bias, epsilon);
  }

  /** Layer norm over the last dimension. */
  static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    return x.call(x.shape(), "layer_norm", Shape.of(x.size(-1)), weight, bias, epsilon);
  }

  /** Whether a weight is kept in oneDNN's layout; the graph notes for which input. */
  private static boolean isPacked(Tensor weight, Packing packing) {
    return weight.graph().packs(weight, packing);
  }

  /** The same where the target also takes what follows into the layer. */
  private static boolean isFused(Tensor weight, Packing packing) {
    return weight.graph().target().fusesSums() && isPacked(weight, packing);
  }

  /** An operator that can apply another one to its result; here it applies none. */
  private static Tensor oneDnn(Tensor x, Shape result, String operator, Object... arguments) {
    return x.callIn(ONE_DNN, result, operator, concat(arguments, "\"none\"", NO_NUMBERS, "\"\""));
  }

  private static Object[] concat(Object[] first, Object... last) {
    return Stream.concat(Stream.of(first), Stream.of(last)).toArray();
  }
}
