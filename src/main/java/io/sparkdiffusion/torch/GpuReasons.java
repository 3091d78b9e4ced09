package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.GraphException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Why no GPU can be used, found out without starting CUDA. */
final class GpuReasons {

  /**
   * What CUDA 12.6 and 12.8 need: by NVIDIA's rule of minor version compatibility, any driver of
   * CUDA 12.
   */
  private static final int OLDEST_DRIVER = 12000;

  private GpuReasons() {}

  /**
   * The reasons, the machine's first; none where libtorch can try.
   *
   * @param visible {@code CUDA_VISIBLE_DEVICES}, empty where unset
   */
  static List<NoGpu> of(Libtorch libtorch, Optional<CudaDriver> driver, Optional<String> visible) {
    List<NoGpu> reasons = new ArrayList<>();
    (driver.isPresent() ? ofDriver(driver.get(), visible) : Optional.of(noDriver()))
        .ifPresent(reasons::add);
    if (!libtorch.isCuda()) {
      reasons.add(
          new NoGpu(
              libtorch + " computes on CPUs only",
              "let libtorch_path name a PyTorch with CUDA, which jobs/gpu-env makes"));
    }
    return reasons;
  }

  private static NoGpu noDriver() {
    return new NoGpu(
        "this machine has no NVIDIA driver, or this container was not given it (libcuda.so.1 cannot"
            + " be loaded)",
        "install it, or start the container with the GPU");
  }

  private static Optional<NoGpu> ofDriver(CudaDriver driver, Optional<String> visible) {
    try {
      int version = driver.version();
      if (version < OLDEST_DRIVER) {
        return Optional.of(
            new NoGpu(
                "the NVIDIA driver knows CUDA %s and must know 12.0"
                    .formatted(CudaDriver.shown(version)),
                "install driver 525.60.13 or newer"));
      }
      return driver.deviceCount() > 0
          ? Optional.empty()
          : Optional.of(
              new NoGpu(
                  "the NVIDIA driver gives this process no GPU (CUDA_VISIBLE_DEVICES is %s)"
                      .formatted(visible.map(list -> "'" + list + "'").orElse("unset")),
                  "see what nvidia-smi -L says here"));
    } catch (GraphException e) {
      return Optional.of(new NoGpu(e.getMessage(), "mend the driver"));
    }
  }
}
