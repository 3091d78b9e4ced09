package io.sparkdiffusion.bench;

import io.sparkdiffusion.prompt.ImageRequest;

/** A guided picture as the published models' settings make it. */
final class BenchRequest {

  private BenchRequest() {}

  /** The request of a number, which is its seed. */
  static ImageRequest of(int number, String prompt, int steps, int sizePixels) {
    return new ImageRequest(
        "row" + number, 0, prompt, "", number, steps, 7.5, 0, sizePixels, sizePixels, "ddim", 0);
  }
}
