package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.graph.TorchDevice;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.weights.ModelFolder;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Loads Stable Diffusion from a model folder that every executor can read.
 *
 * @param folder an absolute path
 * @param batchSize pictures in a batch on a GPU; a CPU makes one at a time
 * @param dtype {@code float32}, {@code bfloat16} or {@code float16}
 */
record PipelineFactory(
    String folder, String dtype, int batchSize, Map<String, Object> schedulerOverrides)
    implements GeneratorFactory {

  PipelineFactory {
    schedulerOverrides = new TreeMap<>(schedulerOverrides);
  }

  @Override
  public ImageGenerator load(String device) {
    int together = device.equals("cpu") ? 1 : batchSize;
    PipelineOptions options = new PipelineOptions(device, dtype, together, schedulerOverrides);
    return new PipelineGenerator(
        StableDiffusionPipeline.load(ModelFolder.open(Path.of(folder)), options), options);
  }

  @Override
  public int gpuCount() {
    return TorchDevice.gpuCount();
  }
}
