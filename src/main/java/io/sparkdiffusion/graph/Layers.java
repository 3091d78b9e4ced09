package io.sparkdiffusion.graph;

import java.util.List;
import java.util.Map;

/** Layers over given weights; a {@link Scope} finds the weights. */
public final class Layers {

  private Layers() {}

  /**
   * {@code x · weightᵀ + bias} over the last dimension.
   *
   * @param weight (O, I)
   * @param bias (O), or none
   */
  public static Tensor linear(Tensor x, Tensor weight, Tensor... bias) {
    if (x.size(-1) != weight.size(1)) {
      throw GraphException.cannot(
          "linear", "the last dimension must be the weight's second", x.shape(), weight.shape());
    }
    Shape result = x.shape().with(-1, weight.size(0));
    return x.record(
        Op.LINEAR, result, Map.of(), bias.length == 0 ? List.of(weight) : List.of(weight, bias[0]));
  }

  /**
   * 2-d convolution.
   *
   * @param x (B, C, H, W)
   * @param weight (O, C, K, K)
   * @param bias (O)
   */
  public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, int stride, int padding) {
    x.requireRank("conv2d", 4);
    if (x.size(1) != weight.size(1)) {
      throw GraphException.cannot(
          "conv2d", "the channels must be the weight's second size", x.shape(), weight.shape());
    }
    long height = (x.size(2) + 2L * padding - weight.size(2)) / stride + 1;
    long width = (x.size(3) + 2L * padding - weight.size(3)) / stride + 1;
    return x.record(
        Op.CONV2D,
        Shape.of(x.size(0), weight.size(0), height, width),
        Map.of("stride", (long) stride, "padding", (long) padding),
        List.of(weight, bias));
  }

  /** Group norm of (B, C, ...); weight and bias (C). */
  public static Tensor groupNorm(
      Tensor x, long groups, Tensor weight, Tensor bias, double epsilon) {
    if (x.size(1) % groups != 0) {
      throw GraphException.cannot(
          "group norm", "the channels must be a multiple of the groups", x.shape(), groups);
    }
    return x.record(
        Op.GROUP_NORM,
        x.shape(),
        Map.of("groups", groups, "epsilon", epsilon),
        List.of(weight, bias));
  }

  /** Layer norm over the last dimension; weight and bias (C). */
  public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    return x.record(Op.LAYER_NORM, x.shape(), Map.of("epsilon", epsilon), List.of(weight, bias));
  }
}
