package io.sparkdiffusion.graph;

import java.util.List;

/**
 * A place in a model's tree of names, such as {@code down_blocks.0.resnets.1}: the layers that
 * networks are made of, each taking its weights by the names that PyTorch's modules give them.
 */
public final class Scope {

  private final Graph graph;
  private final String prefix;

  Scope(Graph graph, String prefix) {
    this.graph = graph;
    this.prefix = prefix;
  }

  /** The scope of a part, such as {@code sub("resnets", 1)} or {@code sub("attn1")}. */
  public Scope sub(String name) {
    return new Scope(graph, prefix + name + ".");
  }

  /** The scope of one part of a list. */
  public Scope sub(String name, int index) {
    return sub(name + "." + index);
  }

  /** From here on this scope's weights are not laid out anew. */
  public void keepAsStored() {
    graph.keepAsStored(prefix);
  }

  /** A weight of this scope. */
  public Tensor weight(String name, long... sizes) {
    return graph.weight(prefix + name, Shape.of(sizes));
  }

  /**
   * A linear layer with bias over the last dimension.
   *
   * @param x (..., I)
   * @return (..., outputs)
   */
  public Tensor linear(String name, Tensor x, long outputs) {
    Tensor weight = sub(name).weight("weight", outputs, x.size(-1));
    return Layers.linear(x, weight, List.of(sub(name).weight("bias", outputs)));
  }

  /** The same with a residual of the result's shape added. */
  public Tensor linear(String name, Tensor x, Tensor residual) {
    long outputs = residual.size(-1);
    Tensor weight = sub(name).weight("weight", outputs, x.size(-1));
    return Layers.linear(x, weight, sub(name).weight("bias", outputs), residual);
  }

  /**
   * A linear layer with bias whose first half of outputs is multiplied with the gelu of the second
   * (GEGLU, arXiv 2002.05202).
   *
   * @param x (..., I)
   * @return (..., inner)
   */
  public Tensor geglu(String name, Tensor x, long inner) {
    Tensor weight = sub(name).weight("weight", 2 * inner, x.size(-1));
    return Layers.geglu(x, weight, sub(name).weight("bias", 2 * inner));
  }

  /** A linear layer without bias. */
  public Tensor linearNoBias(String name, Tensor x, long outputs) {
    return Layers.linear(x, sub(name).weight("weight", outputs, x.size(-1)), List.of());
  }

  /**
   * A convolution with bias and equal sides.
   *
   * @param x (B, C, H, W)
   * @param kernel 1 or 3; the padding is such that stride 1 keeps the size
   * @return (B, outputs, H / stride, W / stride)
   */
  public Tensor conv2d(String name, Tensor x, long outputs, int kernel, int stride) {
    Tensor weight = sub(name).weight("weight", outputs, x.size(1), kernel, kernel);
    return Layers.conv2d(x, weight, sub(name).weight("bias", outputs), stride, kernel / 2);
  }

  /**
   * The same with stride 1 and a shift of every pixel.
   *
   * @param shift (outputs), added to the bias
   */
  public Tensor conv2dShifted(String name, Tensor x, int kernel, Tensor shift) {
    long outputs = shift.size(0);
    Tensor weight = sub(name).weight("weight", outputs, x.size(1), kernel, kernel);
    Tensor bias = sub(name).weight("bias", outputs).plus(shift);
    return Layers.conv2d(x, weight, bias, 1, kernel / 2);
  }

  /**
   * A convolution with bias that keeps the picture's size, plus a sum.
   *
   * @param x (B, C, H, W)
   * @param kernel 1 or 3
   * @param sum (B, outputs, H, W), which nothing may read again: its memory may hold the result
   * @return the shape of the sum
   */
  public Tensor conv2dPlus(String name, Tensor x, int kernel, Tensor sum) {
    long outputs = sum.size(1);
    Tensor weight = sub(name).weight("weight", outputs, x.size(1), kernel, kernel);
    return Layers.conv2dPlus(x, weight, sub(name).weight("bias", outputs), sum);
  }

  /**
   * Nearest-neighbour doubling and a 3x3 convolution with bias.
   *
   * @param x (B, C, H, W)
   * @return (B, outputs, 2 H, 2 W)
   */
  public Tensor doubledConv2d(String name, Tensor x, long outputs) {
    Tensor weight = sub(name).weight("weight", outputs, x.size(1), 3, 3);
    return Layers.doubledConv2d(x, weight, sub(name).weight("bias", outputs));
  }

  /** Group norm with scale and shift; x (B, C, ...). */
  public Tensor groupNorm(String name, Tensor x, long groups, double epsilon) {
    long channels = x.size(1);
    return Layers.groupNorm(
        x,
        groups,
        sub(name).weight("weight", channels),
        sub(name).weight("bias", channels),
        epsilon);
  }

  /** Layer norm with scale and shift over the last dimension. */
  public Tensor layerNorm(String name, Tensor x, double epsilon) {
    long width = x.size(-1);
    return Layers.layerNorm(
        x, sub(name).weight("weight", width), sub(name).weight("bias", width), epsilon);
  }
}
