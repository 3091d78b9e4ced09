package io.sparkdiffusion.sampler;

/** What the UNet's output means; the names are diffusers', in lower case. */
public enum PredictionType {
  /** The noise in the latents. */
  EPSILON,
  /** The velocity of arXiv 2202.00512, section 4. */
  V_PREDICTION,
  /** The clean latents themselves. */
  SAMPLE;

  /**
   * The predicted clean latents.
   *
   * @param latents as the UNet sees them, with a variance of 1
   */
  Combination original(NoiseLevel level, Combination latents, Combination output) {
    return switch (this) {
      case EPSILON -> latents.minus(output.times(level.noise())).times(1 / level.signal());
      case V_PREDICTION -> latents.times(level.signal()).minus(output.times(level.noise()));
      case SAMPLE -> output;
    };
  }

  /** The predicted noise, of the same. */
  Combination epsilon(NoiseLevel level, Combination latents, Combination output) {
    return switch (this) {
      case EPSILON -> output;
      case V_PREDICTION -> output.times(level.signal()).plus(latents.times(level.noise()));
      case SAMPLE -> latents.minus(output.times(level.signal())).times(1 / level.noise());
    };
  }
}
