package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What libtorch 2.7.1 says of a GPU that has too little memory or cannot go on. */
class DeviceFailuresTest {

  private static final String TRACEBACK =
      """
      Cannot run the UNet: The following operation failed in the TorchScript interpreter.
      Traceback of TorchScript, serialized code (most recent call last):
        File "code/__torch__.py", line 9, in forward
          x3 = torch._convolution(input0, x1, x2, [1, 1], [1, 1], [1, 1], False)
               ~~~~~~~~~~~~~~~~~~ <--- HERE
      RuntimeError: %s
      Exception raised from malloc at /pytorch/c10/cuda/CUDACachingAllocator.cpp:1391 (most recent call first):
      frame #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x96
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 14.75 GiB",
        "CUDA error: out of memory",
        "CUDA driver error: out of memory",
        "GET was unable to find an engine to execute this computation",
        "FIND was unable to find an engine to execute this computation",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasLtMatmulAlgoGetHeuristic(ltHandle)`"
      })
  void lackOfMemoryIsOneAndSaysWhatWasSaid(String said) {
    assertThatThrownBy(() -> fail(said))
        .isInstanceOf(OutOfDeviceMemoryException.class)
        .hasMessage("Cannot go on: the memory of device cuda:0 must suffice (" + said + ")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
        "CUDA error: unspecified launch failure",
        "CUDA error: uncorrectable ECC error encountered",
        "CUDA error: misaligned address",
        "CUDA error: unknown error",
        "CUDA driver error: an illegal memory access was encountered",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb)`",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED_CUDART"
      })
  void whatEndsAProcesssUseOfAGpuIsTold(String said) {
    assertThatThrownBy(() -> fail(said))
        .isInstanceOf(BrokenDeviceException.class)
        .hasMessage(
            "Cannot go on: device cuda:0 must answer, and this process cannot use it again ("
                + said
                + "); see nvidia-smi and the kernel's log (Xid) on that machine");
  }

  /** A new process would meet the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: no kernel image is available for execution on the device",
        "CUDA error: invalid configuration argument",
        "CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasLtMatmul(ltHandle)`",
        "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1"
      })
  void otherFailuresAreNeither(String said) {
    assertThatCode(() -> fail(said)).doesNotThrowAnyException();
  }

  /** The whole way, with a failure of libtorch's kind on the device's own thread. */
  @Test
  void aDevicesCallsTellThem() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      assertThatThrownBy(
              () ->
                  device.call(
                      () -> {
                        throw failure("CUDA error: unspecified launch failure");
                      }))
          .isInstanceOf(BrokenDeviceException.class)
          .hasMessageStartingWith("Cannot go on: device cpu must answer");
    }
  }

  private static void fail(String said) {
    TorchDevice.throwIfOfDevice("cuda:0", failure(said));
  }

  private static EngineException failure(String said) {
    return new EngineException(TRACEBACK.formatted(said));
  }
}
