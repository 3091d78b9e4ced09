package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.pipeline.ModelFacts;
import io.sparkdiffusion.weights.ModelFolder;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the job knows of a model: enough to name its pictures, and how to load it.
 *
 * @param name the folder's name
 * @param schedulerConfig the full scheduler configuration, overrides applied
 * @param trainedSizePixels the side of the pictures that it was trained on
 */
public record Model(
    String name,
    String digest,
    Map<String, Object> schedulerConfig,
    long trainedSizePixels,
    GeneratorFactory generators)
    implements Serializable {

  /** Keeps a sorted copy, which can be sent to executors; values may be null as in JSON. */
  public Model {
    schedulerConfig = new TreeMap<>(schedulerConfig);
  }

  /**
   * Opens the model that a configuration names.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every problem found in the folder
   */
  public static Model open(ModelConfig model, ExecutionConfig execution) {
    ModelFolder folder = ModelFolder.open(Path.of(model.folder()));
    ModelFacts facts = ModelFacts.read(folder, model.schedulerOverrides());
    return new Model(
        folder.root().toAbsolutePath().normalize().getFileName().toString(),
        folder.digest(),
        facts.schedulerConfig(),
        facts.trainedSizePixels(),
        new PipelineFactory(
            folder.root().toAbsolutePath().toString(),
            execution.dtype().label(),
            execution.perDeviceBatchSize(),
            model.schedulerOverrides()));
  }
}
