package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;

/**
 * What happens between two calls of the UNet, in float32: classifier-free guidance (arXiv
 * 2207.12598), its rescaling (arXiv 2305.08891, section 3.4) and the scheduler's step as a linear
 * combination. The one place where the schedule meets tensors.
 */
public final class GuidedStep {

  private GuidedStep() {}

  /**
   * Records the step. Inputs: latents (B, C, H, W), prediction (R, C, H, W), guidance scale and
   * rescale (B, 1, 1, 1), coefficients (3): of the sample, the prediction and the noise; with noise
   * also (B, C, H, W). Result: the next latents (B, C, H, W). R is 2 B, the unconditional half
   * first, or B where there is no guidance.
   */
  public static Graph record(BatchShape shape) {
    Graph graph = new Graph("the guided step");
    long batch = shape.batch();
    long channels = shape.channels();
    Tensor sample = graph.input(batch, channels, shape.height(), shape.width());
    Tensor prediction = graph.input(shape.rows(), channels, shape.height(), shape.width());
    Tensor scale = graph.input(batch, 1, 1, 1);
    Tensor rescale = graph.input(batch, 1, 1, 1);
    Tensor coefficients = graph.input(3);
    Tensor guided = shape.guided() ? guide(prediction, scale, rescale) : prediction;
    Tensor next =
        sample.times(coefficients.narrow(0, 0, 1)).plus(guided.times(coefficients.narrow(0, 1, 1)));
    if (shape.noisy()) {
      Tensor noise = graph.input(batch, channels, shape.height(), shape.width());
      next = next.plus(noise.times(coefficients.narrow(0, 2, 1)));
    }
    return graph.returns(next);
  }

  /** u + s (t - u), then r · std(t) / std(cfg) · cfg + (1 - r) cfg. */
  private static Tensor guide(Tensor prediction, Tensor scale, Tensor rescale) {
    long batch = scale.size(0);
    Tensor unconditional = prediction.narrow(0, 0, batch);
    Tensor text = prediction.narrow(0, batch, batch);
    Tensor guided = unconditional.plus(text.minus(unconditional).times(scale));
    Tensor ratio = text.standardDeviation().dividedBy(guided.standardDeviation());
    Tensor rest = rescale.times(-1).plus(1);
    return guided.times(ratio).times(rescale).plus(guided.times(rest));
  }
}
