package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import java.io.Serializable;
import java.util.Optional;
import org.apache.spark.TaskContext;

/** What every task of a run knows. */
public record GenerationRun(
    String runId, Model model, ExecutionConfig execution, PictureStore store)
    implements Serializable {

  /**
   * Chooses the running task's device.
   *
   * @return {@code cpu} or {@code cuda:N}
   * @throws io.sparkdiffusion.config.ProblemsException where it is not there, or cannot compute in
   *     the number format
   */
  String chooseDevice() {
    TaskThreads.settle();
    if (isGpuAskedFor()) {
      WantedGpu.require(model.generators(), execution.device());
    }
    TaskDevice task = TaskDevice.ofRunningTask(model.generators());
    String device = task.choose(execution.device());
    task.requireFormat(device, execution.on(device).dtype());
    return device;
  }

  /** What is probably not meant where the running task has this device. */
  Optional<String> doubt(String device) {
    return TaskDevice.ofRunningTask(model.generators()).doubt(execution.device(), device);
  }

  /** By the setting, or by Spark, which has given the task one. */
  private boolean isGpuAskedFor() {
    String setting = execution.device();
    return setting.startsWith("cuda")
        || (setting.equals("auto") && TaskContext.get().resourcesJMap().containsKey("gpu"));
  }
}
