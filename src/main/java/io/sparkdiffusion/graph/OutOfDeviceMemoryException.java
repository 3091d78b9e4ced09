package io.sparkdiffusion.graph;

import java.util.List;

/** A device whose memory does not hold what was asked for; less may fit. */
public final class OutOfDeviceMemoryException extends RuntimeException {

  /**
   * CUDA's and the CPU's allocators (c10/cuda/CUDACachingAllocator.cpp, c10/core/alloc_cpu.cpp).
   * oneDNN does not say why it could not create a primitive; where that is not lack of memory,
   * halving ends at one picture with the text itself.
   */
  private static final List<String> SIGNS =
      List.of(
          "out of memory",
          "can't allocate memory",
          "not enough memory",
          "could not create a primitive");

  /** With what the allocator said. */
  public OutOfDeviceMemoryException(String device, Throwable cause) {
    super("Cannot go on: the memory of device %s must suffice".formatted(device), cause);
  }

  /** Whether a failure of libtorch means this. */
  static boolean isMeantBy(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return SIGNS.stream().anyMatch(message::contains);
  }
}
