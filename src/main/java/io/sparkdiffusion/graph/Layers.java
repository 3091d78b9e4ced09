package io.sparkdiffusion.graph;

import java.util.Arrays;
import java.util.List;

/**
 * Layers over given weights, by the kernels of the graph's target; a {@link Scope} finds the
 * weights.
 */
final class Layers {

  private Layers() {}

  /** {@code x · weightᵀ + bias} over the last dimension; weight (O, I), bias (O). */
  static Tensor linear(Tensor x, Tensor weight, List<Tensor> bias) {
    if (x.size(-1) != weight.size(1)) {
      throw GraphException.cannot(
          "linear", "the last dimension must be the weight's second", x.shape(), weight.shape());
    }
    Shape result = x.shape().with(-1, weight.size(0));
    Object added = bias.isEmpty() ? "None" : bias.get(0);
    if (isPacked(weight, new Packing.Linear(x.shape().count() / x.size(-1)))) {
      return oneDnn(x, result, "_linear_pointwise", weight, added);
    }
    return x.call(result, "linear", weight, added);
  }

  /** 2-d convolution of (B, C, H, W) with weight (O, C, K, K) and bias (O). */
  static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, int stride, int padding) {
    x.requireRank("conv2d", 4);
    if (x.size(1) != weight.size(1)) {
      throw GraphException.cannot(
          "conv2d", "the channels must be the weight's second size", x.shape(), weight.shape());
    }
    long height = (x.size(2) + 2L * padding - weight.size(2)) / stride + 1;
    long width = (x.size(3) + 2L * padding - weight.size(3)) / stride + 1;
    Shape result = Shape.of(x.size(0), weight.size(0), height, width);
    String strides = "[%1$d, %1$d]".formatted(stride);
    String paddings = "[%1$d, %1$d]".formatted(padding);
    if (isPacked(weight, new Packing.Convolution(x.shape(), stride, padding))) {
      return oneDnn(
          x, result, "_convolution_pointwise", weight, bias, paddings, strides, "[1, 1]", 1);
    }
    return x.call(result, "conv2d", weight, bias, strides, paddings, "[1, 1]", 1);
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

  /** An operator that can apply another one to its result; here it applies none. */
  private static Tensor oneDnn(Tensor x, Shape result, String operator, Object... arguments) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 3);
    all[arguments.length] = "\"none\"";
    all[arguments.length + 1] = "annotate(List[Optional[number]], [])";
    all[arguments.length + 2] = "\"\"";
    return x.callIn("ops.mkldnn.", result, operator, all);
  }
}
