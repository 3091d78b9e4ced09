package io.sparkdiffusion.sampler;

import java.util.List;

/**
 * All steps of one run.
 *
 * @param steps one for each call of the UNet, in order
 * @param initNoiseSigma what the first noise is multiplied with to become the latents; the history
 *     begins with zeros
 */
public record Schedule(List<Step> steps, double initNoiseSigma) {

  /** Keeps the steps, one at least, all with as many states. */
  public Schedule {
    steps = List.copyOf(steps);
    if (steps.stream().mapToInt(Step::states).distinct().count() != 1) {
      throw new IllegalArgumentException(
          "Cannot make a schedule: it must have a step, and all of them as many states (%s)"
              .formatted(steps.stream().map(Step::states).toList()));
    }
  }

  /** How many states the steps carry on. */
  public int states() {
    return steps.get(0).states();
  }

  /** Whether any step draws noise. */
  public boolean drawsNoise() {
    return steps.stream().anyMatch(Step::drawsNoise);
  }
}
