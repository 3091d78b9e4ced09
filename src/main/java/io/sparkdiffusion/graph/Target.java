package io.sparkdiffusion.graph;

/**
 * What a graph is compiled for. Several of libtorch's kernels give the same result; which of them
 * is fast depends on the device and on the type to compute in.
 *
 * @param dtype the type that the network computes in
 */
public record Target(Dtype dtype, Kernels kernels) {

  private static final int TILE_ROWS = 16;

  /** Who computes linear layers, convolutions and attention. */
  public enum Kernels {
    /** ATen's operators over weights as they are stored. */
    ATEN,
    /**
     * The same on an NVIDIA GPU, where cuDNN computes the convolutions: it is asked for algorithms
     * that give the same bytes each time and for float32 that is not rounded to TensorFloat-32,
     * which libtorch allows by default and which has 10 bits of mantissa.
     */
    CUDA,
    /** oneDNN over weights that are laid out for it once, when they are loaded. */
    ONEDNN,
    /** The same, on a processor with matrix tiles (AMX), which the fused attention uses too. */
    ONEDNN_WITH_TILES
  }

  /** ATen's operators, which every device has. */
  public static Target aten(Dtype dtype) {
    return new Target(dtype, Kernels.ATEN);
  }

  /** ATen's operators on an NVIDIA GPU. */
  public static Target cuda(Dtype dtype) {
    return new Target(dtype, Kernels.CUDA);
  }

  boolean isOneDnn() {
    return kernels == Kernels.ONEDNN || kernels == Kernels.ONEDNN_WITH_TILES;
  }

  /** Whether convolutions say how cuDNN is to compute them. */
  boolean instructsCudnn() {
    return kernels == Kernels.CUDA;
  }

  /**
   * Where oneDNN takes a layer's sum, gelu or product with another tensor into the layer: that
   * saves passes over memory and rounds once instead of twice, which bfloat16 gains by
   * (docs/decisions/0006).
   */
  boolean fusesSums() {
    return isOneDnn() && dtype == Dtype.BFLOAT16;
  }

  /**
   * Whether few rows, a text's, go their own way through linear layers: of 77 rows oneDNN gives one
   * thread 64 and another one the rest, so that a wide result is faster in two halves of the rows;
   * a deep input gains nothing by weights that are laid out (docs/decisions/0006).
   */
  public boolean splitsFewRows() {
    return isBfloat16WithoutTiles();
  }

  /** Where the fused attention kernel is slower than matrix products (docs/decisions/0006). */
  boolean hasSlowFusedAttention() {
    return isBfloat16WithoutTiles();
  }

  /**
   * How many rows of zeros a matrix of few rows gains by: tiles take sixteen at a time
   * (docs/decisions/0006).
   */
  public long lackingRows(long rows) {
    return multipliesInTiles() ? -rows & (TILE_ROWS - 1) : 0;
  }

  /** Where products of bfloat16 go by a processor's matrix tiles. */
  boolean multipliesInTiles() {
    return kernels == Kernels.ONEDNN_WITH_TILES && dtype == Dtype.BFLOAT16;
  }

  private boolean isBfloat16WithoutTiles() {
    return kernels == Kernels.ONEDNN && dtype == Dtype.BFLOAT16;
  }
}
