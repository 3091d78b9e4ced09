package io.sparkdiffusion.torch;

import io.sparkdiffusion.kernel.CudaKernels;
import java.util.ArrayList;
import java.util.List;

/** A GPU as provenance names it: its bytes depend on the model and on NVIDIA's libraries. */
public final class GpuName {

  private GpuName() {}

  /**
   * A GPU's name with all that is known of what computes on it, such as {@code NVIDIA H200 (compute
   * capability 9.0, driver 550.54.14, CUDA 12.6, cuDNN 9.5.1)}; what cannot be asked is left out.
   *
   * @param device {@code cuda:N}
   */
  public static String of(String device) {
    int index = CudaDevice.ordinal(device);
    return CudaDriver.find()
        .map(driver -> of(driver.device(index), CudaLibraries.ofThisProcess()))
        .orElse(device);
  }

  static String of(CudaDevice device, CudaLibraries libraries) {
    List<String> facts = new ArrayList<>();
    facts.add("compute capability %s.%s".formatted(device.major(), device.minor()));
    libraries.driver().ifPresent(version -> facts.add("driver " + version));
    libraries.cuda().ifPresent(version -> facts.add("CUDA " + version));
    libraries.cudnn().ifPresent(version -> facts.add("cuDNN " + version));
    String chosen = CudaKernels.ofThisProcess().toString();
    if (!chosen.isEmpty()) {
      facts.add("kernels " + chosen);
    }
    return "%s (%s)".formatted(device.name(), String.join(", ", facts));
  }
}
