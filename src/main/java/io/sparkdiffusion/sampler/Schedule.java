package io.sparkdiffusion.sampler;

import java.util.List;

/**
 * All steps of one run. The first latents are {@code initSignal * those of an image +
 * initNoiseSigma * noise}; the history begins with zeros.
 *
 * @param steps one for each call of the UNet, in order
 * @param levels what the latents of an image that goes along are where each step begins (diffusers,
 *     add_noise)
 * @param initSignal 0 for a run from noise alone
 */
public record Schedule(
    List<Step> steps, List<NoiseLevel> levels, double initSignal, double initNoiseSigma) {

  /** Keeps the steps, one at least, all with as many states. */
  public Schedule {
    steps = List.copyOf(steps);
    levels = List.copyOf(levels);
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

  /** What the latents of an image that goes along are where a step ends. */
  public NoiseLevel levelAfter(int step) {
    return step + 1 < levels.size() ? levels.get(step + 1) : NoiseLevel.CLEAN;
  }

  /** Whether any step draws noise. */
  public boolean drawsNoise() {
    return steps.stream().anyMatch(Step::drawsNoise);
  }
}
