package io.sparkdiffusion.sampler;

import java.util.List;

/**
 * All steps of one run. The first latents are {@code initSignal * those of an image +
 * initNoiseSigma * noise}; the history begins with zeros.
 *
 * @param steps one for each call of the UNet, in order
 * @param initSignal 0 for a run from noise alone
 */
public record Schedule(List<Step> steps, double initSignal, double initNoiseSigma) {

  /** A run from noise alone. */
  public Schedule(List<Step> steps, double initNoiseSigma) {
    this(steps, 0, initNoiseSigma);
  }

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
