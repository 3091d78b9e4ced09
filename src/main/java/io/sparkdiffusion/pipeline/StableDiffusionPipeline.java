package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.weights.ModelFolder;
import java.util.List;

/** Stable Diffusion 2 on one device. */
public final class StableDiffusionPipeline implements AutoCloseable {

  private StableDiffusionPipeline() {}

  /** Checks the folder against the networks and loads all weights. */
  public static StableDiffusionPipeline load(ModelFolder folder, PipelineOptions options) {
    throw new UnsupportedOperationException(folder + " " + options);
  }

  /**
   * Makes the pictures of one batch.
   *
   * @param requests 1 to {@code batchSize} requests with the same {@link ImageRequest#batchKey()}
   * @return one result for each request, in order
   */
  public List<ImageResult> generate(List<ImageRequest> requests) {
    throw new UnsupportedOperationException(requests.size() + "");
  }

  /** Where the time went, so far. */
  public PipelineTimes times() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
