package io.sparkdiffusion.bench;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.ImageRequest;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/** Makes whole images with the bare pipeline, PNG included, whenever it is asked. */
final class ImageBench implements AutoCloseable {

  private final StableDiffusionPipeline pipeline;
  private final int sizePixels;

  /** Loads the model. */
  ImageBench(ModelFolder folder, AdapterSet adapters, PipelineOptions options, int sizePixels) {
    this.pipeline = StableDiffusionPipeline.load(folder, adapters, EmbeddingSet.NONE, options);
    this.sizePixels = sizePixels;
  }

  /** Encodes the texts of images number 0 to {@code count - 1}, 32 at most. */
  void expect(int steps, int count) {
    pipeline.expect(requests(steps, count));
  }

  /**
   * Makes images number 0 to {@code count - 1}.
   *
   * @param firstStep runs when all is ready for the first call of the UNet
   * @return seconds, without loading and compiling
   */
  double seconds(int steps, int count, Runnable firstStep) {
    List<ImageRequest> requests = requests(steps, count);
    AtomicBoolean begun = new AtomicBoolean();
    double preparedBefore = preparing();
    long begin = System.nanoTime();
    for (ImageResult result :
        pipeline.generate(
            requests,
            latents -> {
              if (begun.compareAndSet(false, true)) {
                firstStep.run();
              }
            })) {
      encode(result);
    }
    return (System.nanoTime() - begin) / 1e9 - (preparing() - preparedBefore);
  }

  private void encode(ImageResult result) {
    if (!(result instanceof ImageResult.Generated generated)) {
      throw new IllegalStateException("Cannot measure: every image must be made (" + result + ")");
    }
    PngEncoder.encode(new RgbImage(sizePixels, sizePixels, generated.rgb()), List.of());
  }

  private double preparing() {
    PipelineTimes times = pipeline.times();
    return times.load().plus(times.compile()).toNanos() / 1e9;
  }

  private List<ImageRequest> requests(int steps, int count) {
    return IntStream.range(0, count).mapToObj(number -> request(number, steps)).toList();
  }

  private ImageRequest request(int number, int steps) {
    return BenchRequest.of(
        number, "a photograph of an astronaut riding horse number " + number, steps, sizePixels);
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
