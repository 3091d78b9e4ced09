package io.sparkdiffusion.scheduler;

/** What the UNet's output means; the names are diffusers', in lower case. */
public enum PredictionType {
  /** The noise in the latents. */
  EPSILON,
  /** The velocity of arXiv 2202.00512, section 4. */
  V_PREDICTION,
  /** The clean latents themselves. */
  SAMPLE;

  /**
   * How the predicted original sample and the predicted noise follow from latents and output.
   *
   * @param alphaCumulativeProduct the signal's share of the variance at this timestep, 0 to 1
   */
  Prediction at(double alphaCumulativeProduct) {
    double signal = Math.sqrt(alphaCumulativeProduct);
    double noise = Math.sqrt(1 - alphaCumulativeProduct);
    return switch (this) {
      case EPSILON -> new Prediction(1 / signal, -noise / signal, 0, 1);
      case V_PREDICTION -> new Prediction(signal, -noise, noise, signal);
      case SAMPLE -> new Prediction(0, 1, 1 / noise, -signal / noise);
    };
  }

  /**
   * {@code original = originalFromSample * x + originalFromOutput * m} and {@code epsilon =
   * epsilonFromSample * x + epsilonFromOutput * m}, for latents x and model output m.
   */
  record Prediction(
      double originalFromSample,
      double originalFromOutput,
      double epsilonFromSample,
      double epsilonFromOutput) {}
}
