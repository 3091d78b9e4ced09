package io.sparkdiffusion.torch;

import java.util.List;
import java.util.Optional;

/** A device whose memory does not hold what was asked for; less may fit. */
public final class OutOfDeviceMemoryException extends RuntimeException {

  /**
   * What libtorch's allocators say (c10/cuda/CUDACachingAllocator.cpp, c10/core/impl/alloc_cpu.cpp)
   * and what NVIDIA's libraries say through it. cuDNN's convolutions swallow the allocator's error
   * with each plan that they try, and end with that none was found (aten/src/ATen/native/cudnn/
   * Conv_v8.cpp); cuBLAS cannot make its handle (aten/src/ATen/cuda/CublasHandlePool.cpp). Where
   * one of these means something else, halving ends at one image with the text itself.
   */
  private static final List<String> SIGNS =
      List.of(
          "out of memory",
          "can't allocate memory",
          "not enough memory",
          "unable to find an engine to execute this computation",
          "CUDNN_STATUS_ALLOC_FAILED",
          "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
          "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
          "CUBLAS_STATUS_ALLOC_FAILED",
          "CUBLAS_STATUS_NOT_INITIALIZED",
          "CUSOLVER_STATUS_ALLOC_FAILED");

  /** With what the allocator said. */
  public OutOfDeviceMemoryException(String device, Throwable cause) {
    super(
        "Cannot go on: the memory of device %s must suffice%s"
            .formatted(device, said(cause).map(" (%s)"::formatted).orElse("")),
        cause);
  }

  /** Whether a failure of libtorch means this. */
  static boolean isMeantBy(Throwable failure) {
    return TorchMessage.of(failure).lineWithAny(SIGNS).isPresent();
  }

  /** The line that says so, where anything did. */
  public Optional<String> said() {
    return said(getCause());
  }

  private static Optional<String> said(Throwable cause) {
    return cause == null ? Optional.empty() : TorchMessage.of(cause).lineWithAny(SIGNS);
  }
}
