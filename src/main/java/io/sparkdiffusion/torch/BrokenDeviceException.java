package io.sparkdiffusion.torch;

import java.util.List;
import java.util.Optional;

/**
 * A GPU that this process cannot use any more: after some errors CUDA answers every further call
 * with the same one, until the process ends (CUDA Runtime API, cudaError: "the process must be
 * terminated and relaunched").
 */
public final class BrokenDeviceException extends RuntimeException {

  /**
   * How libtorch begins what CUDA, its driver and its libraries said (c10/cuda/CUDAException.cpp).
   */
  private static final List<String> SIGNS =
      List.of(
          "CUDA error: ",
          "CUDA driver error: ",
          "CUDNN_STATUS_EXECUTION_FAILED",
          "unspecified launch failure",
          "device-side assert",
          "an illegal memory access was encountered",
          "uncorrectable ECC error",
          "uncorrectable NVLink error");

  /**
   * What else begins like that and leaves the process as it was: a wrong call, not a broken GPU.
   */
  private static final List<String> HARMLESS =
      List.of(
          "no kernel image is available",
          "invalid argument",
          "invalid device ordinal",
          "invalid configuration argument",
          "invalid resource handle",
          "too many resources requested for launch",
          "operation not supported",
          "CUDA driver version is insufficient",
          "no CUDA-capable device is detected",
          "CUBLAS_STATUS_NOT_SUPPORTED",
          "CUBLAS_STATUS_INVALID_VALUE",
          "CUBLAS_STATUS_ARCH_MISMATCH");

  /** With what CUDA said. */
  public BrokenDeviceException(String device, Throwable cause) {
    super(
        "Cannot go on: device %s must answer, and this process cannot use it again (%s); see"
                .formatted(device, said(cause).orElse("unknown"))
            + " nvidia-smi and the kernel's log (Xid) on that machine",
        cause);
  }

  /** Whether a failure of libtorch means this; lack of memory never does. */
  static boolean isMeantBy(Throwable failure) {
    return !OutOfDeviceMemoryException.isMeantBy(failure)
        && said(failure).filter(line -> HARMLESS.stream().noneMatch(line::contains)).isPresent();
  }

  private static Optional<String> said(Throwable failure) {
    return TorchMessage.of(failure).lineWithAny(SIGNS);
  }
}
