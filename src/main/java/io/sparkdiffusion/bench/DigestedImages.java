package io.sparkdiffusion.bench;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import io.sparkdiffusion.util.Sha256;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Makes images of numbers with the bare pipeline and keeps only the digest of their bytes. */
final class DigestedImages implements AutoCloseable {

  private static final List<String> COLORS = List.of("red", "green", "blue", "yellow");

  private final StableDiffusionPipeline pipeline;
  private final int sizePixels;
  private final int steps;

  /** Loads the model. */
  DigestedImages(ModelFolder folder, PipelineOptions options, int sizePixels, int steps) {
    this.pipeline = StableDiffusionPipeline.load(folder, options);
    this.sizePixels = sizePixels;
    this.steps = steps;
  }

  /**
   * Makes images; where a batch does not fit the device, it is halved, as the job does.
   *
   * @return seconds, the digest of all images, how many were not made, halvings, and the batch that
   *     fitted; {@code refused} says what the device said first
   */
  Map<String, Object> make(int first, int count, int batchSize) {
    List<ImageRequest> requests =
        IntStream.range(first, first + count).mapToObj(this::request).toList();
    long begin = System.nanoTime();
    int fitting = batchSize;
    int halvings = 0;
    String refused = "";
    List<ImageResult> results = List.of();
    while (results.isEmpty()) {
      try {
        results = pipeline.generate(requests, fitting);
      } catch (OutOfDeviceMemoryException e) {
        if (fitting == 1) {
          throw e;
        }
        refused = refused.isEmpty() ? e.said().orElse(e.getMessage()) : refused;
        fitting /= 2;
        halvings++;
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    long failed = results.stream().filter(ImageResult.Failed.class::isInstance).count();
    return Map.of(
        "seconds", seconds,
        "sha256", digest(results),
        "failed", failed,
        "halvings", halvings,
        "batch", fitting,
        "refused", refused);
  }

  private static String digest(List<ImageResult> results) {
    MessageDigest digest = Sha256.digest();
    for (ImageResult result : results) {
      if (result instanceof ImageResult.Generated generated) {
        digest.update(generated.rgb());
      }
    }
    return Sha256.hex(digest);
  }

  private ImageRequest request(int number) {
    String prompt = "a " + COLORS.get(number % COLORS.size()) + " circle";
    return BenchRequest.of(number, prompt, steps, sizePixels);
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
