package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.device.VisibleDevices;
import io.sparkdiffusion.spark.device.VisibleGpus;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.torch.CudaDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * The device of a task: the GPU that Spark gave it where Spark knows of GPUs, else what the setting
 * says. A GPU that was asked for is never replaced by the CPU, nor by another GPU.
 *
 * @param gpuAddresses what Spark gave the task, empty where it knows of no GPUs
 * @param visible {@code CUDA_VISIBLE_DEVICES}, empty where unset
 * @param gpus what libtorch sees; asked only where it matters
 * @param slot the task's place in local mode, empty on a cluster
 */
record TaskDevice(
    List<String> gpuAddresses,
    Optional<VisibleDevices> visible,
    VisibleGpus gpus,
    Optional<Slot> slot) {

  private static final String INDEX = "\\d{1,4}";
  private static final int FIRST_WITH_BFLOAT16 = 8;

  /**
   * A task among those that run in one JVM at a time.
   *
   * @param number of its partition
   * @param slots how many run at a time
   */
  record Slot(int number, int slots) {}

  /** The devices of the running task. */
  static TaskDevice ofRunningTask(VisibleGpus gpus) {
    TaskContext task = TaskContext.get();
    Map<String, ResourceInformation> resources = task.resourcesJMap();
    ResourceInformation gpu = resources.get("gpu");
    return new TaskDevice(
        gpu == null ? List.of() : Arrays.asList(gpu.addresses()),
        visibleDevices(),
        gpus,
        LostDevice.isExecutorOfItsOwn(SparkEnv.get())
            ? Optional.empty()
            : Optional.of(new Slot(task.partitionId(), slots(task.cpus()))));
  }

  /** The devices of a task that the driver will run, where its JVM is the executor too. */
  static TaskDevice ofDriver(VisibleGpus gpus, int number, int slots) {
    return new TaskDevice(List.of(), visibleDevices(), gpus, Optional.of(new Slot(number, slots)));
  }

  private static int slots(int taskCpus) {
    return Math.max(1, SparkContext.getOrCreate().defaultParallelism() / taskCpus);
  }

  private static Optional<VisibleDevices> visibleDevices() {
    return Optional.ofNullable(System.getenv("CUDA_VISIBLE_DEVICES"))
        .filter(v -> !v.isBlank())
        .map(VisibleDevices::new);
  }

  /** Whether a GPU is wanted: by the setting, or by Spark, which has given the task one. */
  boolean wantsGpu(String setting) {
    return setting.startsWith("cuda") || (setting.equals("auto") && !gpuAddresses.isEmpty());
  }

  /**
   * Chooses for the running task, after libtorch's threads and with every reason why not.
   *
   * @throws ProblemsException where there is no such device
   */
  String chosen(String setting, GeneratorFactory generators) {
    TaskThreads.settle();
    if (wantsGpu(setting)) {
      WantedGpu.require(generators, setting);
    }
    return choose(setting);
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
    if (setting.equals("auto") && gpus.gpuCount() == 0) {
      return "cpu";
    }
    return checked("cuda:" + slot.map(this::indexOf).orElse(0));
  }

  /** Tasks of one JVM share its GPUs; no more of them than tasks that run at a time. */
  private int indexOf(Slot task) {
    return task.number() % Math.max(1, Math.min(gpus.gpuCount(), task.slots()));
  }

  /** Spark counts the host's GPUs, libtorch those that are visible. */
  private int index(String address) {
    int count = gpus.gpuCount();
    return visible
        .map(list -> list.position(address))
        .filter(position -> position.isPresent())
        .map(position -> position.getAsInt())
        .or(() -> indexByUuid(address, count))
        .or(() -> visible.isEmpty() ? indexAsGiven(address) : Optional.empty())
        .or(() -> count <= 1 ? Optional.of(0) : Optional.empty())
        .orElseThrow(() -> unknown(address, count));
  }

  private Optional<Integer> indexByUuid(String address, int count) {
    return IntStream.range(0, count)
        .boxed()
        .filter(
            i ->
                gpus.gpu(i).filter(gpu -> gpu.uuid().equalsIgnoreCase(address.strip())).isPresent())
        .findFirst();
  }

  private static Optional<Integer> indexAsGiven(String address) {
    return Optional.of(address.strip()).filter(a -> a.matches(INDEX)).map(Integer::valueOf);
  }

  private ProblemsException unknown(String address, int count) {
    return new ProblemsException(
        ("Cannot find the GPU that Spark gave the task: CUDA_VISIBLE_DEVICES must name it as Spark's"
                + " discovery script does (Spark gave %s, CUDA_VISIBLE_DEVICES is %s, libtorch sees"
                + " %s GPUs); unset it for the executors, or let both have indices or both UUIDs")
            .formatted(address, visible.map(VisibleDevices::setting).orElse("not set"), count));
  }

  private String checked(String device) {
    int index = CudaDevice.ordinal(device);
    int count = gpus.gpuCount();
    if (index >= count) {
      throw new ProblemsException(
          ("Cannot use device %s: libtorch must see that GPU (it sees %s; Spark gave the task %s);"
                  + " name one that it sees, check nvidia-smi and CUDA_VISIBLE_DEVICES, or set"
                  + " device=cpu")
              .formatted(device, count, gpuAddresses.isEmpty() ? "none" : gpuAddresses));
    }
    return device;
  }

  /**
   * Makes sure that a device can compute in a number format.
   *
   * @throws ProblemsException for bfloat16 on a GPU that has no instructions for it: cuDNN has no
   *     convolutions in it there, and says that as it says a lack of memory
   */
  void requireFormat(String device, Precision dtype) {
    if (dtype != Precision.BFLOAT16 || device.equals("cpu")) {
      return;
    }
    Optional<CudaDevice> gpu = gpus.gpu(CudaDevice.ordinal(device));
    if (gpu.isPresent() && gpu.get().major() < FIRST_WITH_BFLOAT16) {
      throw new ProblemsException(
          ("Cannot compute in bfloat16 on device %s: its compute capability must be 8.0 or newer (%s"
                  + " has %s.%s); use weights_dtype=float16 and activations_dtype=float16")
              .formatted(device, gpu.get().name(), gpu.get().major(), gpu.get().minor()));
    }
  }

  /** What of a choice is probably not meant. */
  Optional<String> doubt(String setting, String chosen) {
    if (chosen.equals("cpu") || setting.startsWith("cuda:") || !gpuAddresses.isEmpty()) {
      return Optional.empty();
    }
    if (slot.isEmpty()) {
      return Optional.of(
          "Spark knows of no GPUs, so all executors of a host use cuda:0; start it with"
              + " spark.executor.resource.gpu.amount=1 and spark.task.resource.gpu.amount=1");
    }
    int count = gpus.gpuCount();
    return Optional.of(
            "%s of %s GPUs are used; --master 'local[%s]' uses all"
                .formatted(slot.get().slots(), count, count))
        .filter(any -> slot.get().slots() < count);
  }
}
