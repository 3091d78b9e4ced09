package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.ImageStore;
import java.io.Serializable;
import java.util.Optional;

/** What every task of a run knows. */
public record GenerationRun(
    String runId, Models models, ExecutionConfig execution, ImageStore store)
    implements Serializable {

  /** A run whose rows name no LoRAs. */
  public GenerationRun(String runId, Model model, ExecutionConfig execution, ImageStore store) {
    this(runId, Models.of(model), execution, store);
  }

  /** The job's model, which shares its device and its files with any other of the run. */
  Model model() {
    return models.usual();
  }

  /**
   * Chooses the running task's device.
   *
   * @return {@code cpu} or {@code cuda:N}
   * @throws io.sparkdiffusion.config.ProblemsException where it is not there, or cannot compute in
   *     the number format
   */
  String chooseDevice() {
    TaskDevice task = TaskDevice.ofRunningTask(model().generators());
    String device = task.chosen(execution.device(), model().generators());
    task.requireFormat(device, execution.on(device).dtype());
    return device;
  }

  /** What is probably not meant where the running task has this device. */
  Optional<String> doubt(String device) {
    return TaskDevice.ofRunningTask(model().generators()).doubt(execution.device(), device);
  }
}
