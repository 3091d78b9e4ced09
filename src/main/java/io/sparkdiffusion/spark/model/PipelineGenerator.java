package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.metadata.Build;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.InputPixels;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.torch.GpuName;
import io.sparkdiffusion.torch.TorchEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The real thing: Stable Diffusion 2. */
final class PipelineGenerator implements ImageGenerator {

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private final StableDiffusionPipeline pipeline;
  private final Provenance.Computation computation;
  private final boolean isByMemory;

  /**
   * Takes over a pipeline.
   *
   * @param isByMemory whether the device's memory says how many images are made together
   */
  PipelineGenerator(StableDiffusionPipeline pipeline, PipelineOptions options, boolean isByMemory) {
    this.pipeline = pipeline;
    this.isByMemory = isByMemory;
    this.computation =
        new Provenance.Computation(
            options.device(),
            options.device().equals("cpu") ? processorName() : GpuName.of(options.device()),
            options.dtype(),
            TorchEngine.threads(),
            options.batchSize());
  }

  @Override
  public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
    return generate(requests, InputPixels.NONE, batchSize);
  }

  @Override
  public List<ImageResult> generate(List<ImageRequest> requests, InputPixels given, int batchSize) {
    return pipeline.generate(requests, given, batchSize);
  }

  @Override
  public Optional<TextsAhead> textsAhead() {
    return computation.device().equals("cpu") ? Optional.of(new OnCpu()) : Optional.empty();
  }

  private final class OnCpu implements TextsAhead {

    @Override
    public int images() {
      return StableDiffusionPipeline.MOST_UPCOMING;
    }

    @Override
    public void encode(List<ImageRequest> soon) {
      pipeline.expect(soon);
    }
  }

  @Override
  public int batchSize(BatchKey key) {
    return isByMemory
        ? Math.min(pipeline.mostTogether(key), computation.batchSize())
        : computation.batchSize();
  }

  @Override
  public PipelineTimes times() {
    return pipeline.times();
  }

  @Override
  public Provenance.Computation computation() {
    return computation;
  }

  @Override
  public Provenance.Versions versions() {
    Provenance.Versions built = Build.versions();
    return new Provenance.Versions(
        built.sparkDiffusion(),
        built.imageVersion(),
        built.djl(),
        TorchEngine.version(),
        built.java());
  }

  @Override
  public void close() {
    pipeline.close();
  }

  private static String processorName() {
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
