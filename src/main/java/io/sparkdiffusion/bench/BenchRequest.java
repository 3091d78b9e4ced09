package io.sparkdiffusion.bench;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;

/** A guided image as the published models' settings make it. */
final class BenchRequest {

  private BenchRequest() {}

  /** The request of a number, which is its seed. */
  static ImageRequest of(int number, String prompt, int steps, int sizePixels) {
    return ImageRequest.of(
        "row" + number,
        0,
        Values.of(
            Parameters.PROMPT.of(prompt),
            Parameters.SEED.of((long) number),
            Parameters.NUM_INFERENCE_STEPS.of(steps),
            Parameters.HEIGHT.of(sizePixels),
            Parameters.WIDTH.of(sizePixels)));
  }
}
