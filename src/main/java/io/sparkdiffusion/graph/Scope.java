package io.sparkdiffusion.graph;

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

  /** A weight of this scope. */
  public Tensor weight(String name, long... sizes) {
    return graph.weight(prefix + name, Shape.of(sizes));
  }

  /**
   * A linear layer with bias over the last dimension (PyTorch, {@code nn.Linear}).
   *
   * @param x (..., I)
   * @return (..., outputs)
   */
  public Tensor linear(String name, Tensor x, long outputs) {
    Tensor weight = sub(name).weight("weight", outputs, x.size(-1));
    return Layers.linear(x, weight, sub(name).weight("bias", outputs));
  }

  /** A linear layer without bias. */
  public Tensor linearNoBias(String name, Tensor x, long outputs) {
    return Layers.linear(x, sub(name).weight("weight", outputs, x.size(-1)));
  }

  /**
   * A convolution with bias and equal sides (PyTorch, {@code nn.Conv2d}).
   *
   * @param x (B, C, H, W)
   * @param kernel 1 or 3; the padding is such that stride 1 keeps the size
   * @return (B, outputs, H / stride, W / stride)
   */
  public Tensor conv2d(String name, Tensor x, long outputs, int kernel, int stride) {
    return conv2d(name, x, outputs, kernel, stride, kernel / 2);
  }

  /**
   * A convolution with bias that stays inside its input (PyTorch, {@code nn.Conv2d} with {@code
   * padding=0}).
   *
   * @param x (B, C, H, W)
   * @return (B, outputs, (H - kernel) / stride + 1, (W - kernel) / stride + 1)
   */
  public Tensor conv2dInside(String name, Tensor x, long outputs, int kernel, int stride) {
    return conv2d(name, x, outputs, kernel, stride, 0);
  }

  private Tensor conv2d(String name, Tensor x, long outputs, int kernel, int stride, int padding) {
    Tensor weight = sub(name).weight("weight", outputs, x.size(1), kernel, kernel);
    return Layers.conv2d(x, weight, sub(name).weight("bias", outputs), stride, padding);
  }

  /** Group norm with scale and shift (PyTorch, {@code nn.GroupNorm}); x (B, C, ...). */
  public Tensor groupNorm(String name, Tensor x, long groups, double epsilon) {
    long channels = x.size(1);
    return Layers.groupNorm(
        x,
        groups,
        sub(name).weight("weight", channels),
        sub(name).weight("bias", channels),
        epsilon);
  }

  /** Layer norm with scale and shift over the last dimension (PyTorch, {@code nn.LayerNorm}). */
  public Tensor layerNorm(String name, Tensor x, double epsilon) {
    long width = x.size(-1);
    return Layers.layerNorm(
        x, sub(name).weight("weight", width), sub(name).weight("bias", width), epsilon);
  }
}
