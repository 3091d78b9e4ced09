package io.sparkdiffusion.pipeline;

/**
 * How many images fit a GPU's memory. What is free behind the weights is known, and what an image
 * takes in the UNet follows from its recorded graph; a part stays for what neither says.
 */
final class BatchFit {

  /** For workspaces of cuDNN and cuBLAS, which depend on the kernels that they choose. */
  static final long WORKSPACE_BYTES = 1L << 30;

  /** Of the rest: the allocator's blocks are larger than what lies in them. */
  private static final double SHARE = 0.8;

  private BatchFit() {}

  /**
   * The largest power of two, at least one: what is free differs a little from start to start, and
   * the batch's size, which decides its kernels and so its last bits, shall not.
   *
   * @param freeBytes of the device with all weights on it
   * @param imageBytes what one image adds in the UNet
   */
  static int images(long freeBytes, long imageBytes) {
    double fitting = (freeBytes - WORKSPACE_BYTES) * SHARE / imageBytes;
    return Integer.highestOneBit((int) Math.max(1, Math.min(1 << 20, fitting)));
  }
}
