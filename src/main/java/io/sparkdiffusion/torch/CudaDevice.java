package io.sparkdiffusion.torch;

/**
 * One GPU, as NVIDIA's driver tells it.
 *
 * @param name as {@code nvidia-smi} shows it, such as {@code NVIDIA H200}
 * @param major of the compute capability: 9 of 9.0
 * @param minor of the compute capability: 0 of 9.0
 * @param uuid as {@code nvidia-smi -L} shows it, {@code GPU-} and 36 characters; a MIG slice has
 *     its card's
 */
public record CudaDevice(String name, int major, int minor, String uuid) {

  private static final String PREFIX = "cuda:";

  /** The ordinal of a device called {@code cuda:N}. */
  public static int ordinal(String device) {
    return Integer.parseInt(device.substring(PREFIX.length()));
  }
}
