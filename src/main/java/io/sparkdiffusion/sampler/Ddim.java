package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Denoising diffusion implicit models (arXiv 2010.02502). */
final class Ddim {

  private Ddim() {}

  static Schedule schedule(Run run) {
    NoiseSchedule noise = run.noise();
    PredictionType type = run.config().predictionType();
    double finalAlpha = run.config().get(Options.SET_ALPHA_TO_ONE) ? 1 : noise.alpha(0);
    int stride = noise.trainTimesteps() / run.steps();
    Operands now = new Operands(1);
    List<Step> steps = new ArrayList<>();
    int[] timesteps = run.wholeTimesteps();
    for (int i = run.begin(); i < timesteps.length; i++) {
      int timestep = timesteps[i];
      int previous = timestep - stride;
      double previousAlpha = previous >= 0 ? noise.alpha(previous) : finalAlpha;
      double deviation = run.eta() * Math.sqrt(variance(noise.alpha(timestep), previousAlpha));
      // Nothing is left here where eta is 1 and alpha 0, and rounding may make it negative.
      double toNoise = Math.sqrt(Math.max(0, 1 - previousAlpha - deviation * deviation));
      NoiseLevel level = noise.at(timestep);
      Combination original = type.original(level, now.latents(), now.output());
      Combination epsilon = type.epsilon(level, now.latents(), now.output());
      steps.add(
          now.step(
              timestep,
              1,
              original
                  .times(Math.sqrt(previousAlpha))
                  .plus(epsilon.times(toNoise))
                  .plus(now.noise().times(deviation))));
    }
    return run.schedule(steps);
  }

  /** Formula 16 without eta: what DDPM would add. */
  private static double variance(double alpha, double previousAlpha) {
    return (1 - previousAlpha) / (1 - alpha) * (1 - alpha / previousAlpha);
  }
}
