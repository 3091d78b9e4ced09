package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ProblemsException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * The device of a task: the GPU that Spark gave it where Spark knows of GPUs, else what the setting
 * says. A GPU that was asked for is never replaced by the CPU.
 *
 * @param gpuAddresses what Spark gave the task, empty where it knows of no GPUs
 * @param visibleDevices {@code CUDA_VISIBLE_DEVICES}, empty where unset
 * @param gpuCount how many GPUs libtorch sees; asked only where it matters
 */
record TaskDevice(
    List<String> gpuAddresses, Optional<String> visibleDevices, IntSupplier gpuCount) {

  /** The devices of the running task. */
  static TaskDevice ofRunningTask(IntSupplier gpuCount) {
    Map<String, ResourceInformation> resources = TaskContext.get().resourcesJMap();
    ResourceInformation gpu = resources.get("gpu");
    return new TaskDevice(
        gpu == null ? List.of() : Arrays.asList(gpu.addresses()),
        visibleDevicesSetting(),
        gpuCount);
  }

  /** The devices of the driver, where its JVM is the executor too. */
  static TaskDevice ofDriver(IntSupplier gpuCount) {
    return new TaskDevice(List.of(), visibleDevicesSetting(), gpuCount);
  }

  private static Optional<String> visibleDevicesSetting() {
    return Optional.ofNullable(System.getenv("CUDA_VISIBLE_DEVICES")).filter(v -> !v.isBlank());
  }

  /**
   * Chooses.
   *
   * @param setting {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
   * @return {@code cpu} or {@code cuda:N}
   */
  String choose(String setting) {
    if (setting.equals("cpu")) {
      return "cpu";
    }
    if (setting.startsWith("cuda:")) {
      return checked(setting);
    }
    if (!gpuAddresses.isEmpty()) {
      return checked("cuda:" + index(gpuAddresses.get(0)));
    }
    if (setting.equals("auto")) {
      return gpuCount.getAsInt() > 0 ? "cuda:0" : "cpu";
    }
    return checked("cuda:0");
  }

  /** Spark counts the host's GPUs, libtorch those that are visible. */
  private String index(String address) {
    return visibleDevices
        .map(visible -> Arrays.asList(visible.split(",")).indexOf(address))
        .filter(position -> position >= 0)
        .map(position -> Integer.toString(position))
        .orElse(address);
  }

  private String checked(String device) {
    int index = Integer.parseInt(device.substring("cuda:".length()));
    int count = gpuCount.getAsInt();
    if (index >= count) {
      throw new ProblemsException(
          ("Cannot use device %s: libtorch must see that GPU (it sees %s; Spark gave the task %s);"
                  + " use the build with -Pcuda and check nvidia-smi and libcudart.so, or set"
                  + " device=cpu")
              .formatted(device, count, gpuAddresses.isEmpty() ? "none" : gpuAddresses));
    }
    return device;
  }
}
