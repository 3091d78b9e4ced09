package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Denoising diffusion probabilistic models (arXiv 2006.11239). */
final class Ddpm {

  private static final double LEAST_VARIANCE = 1e-20;

  private Ddpm() {}

  static Schedule schedule(Run run) {
    NoiseSchedule noise = run.noise();
    boolean large = run.config().get(Options.VARIANCE_TYPE).equals("fixed_large");
    int[] timesteps = run.wholeTimesteps();
    Operands now = new Operands(1);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < timesteps.length; i++) {
      int timestep = timesteps[i];
      double alpha = noise.alpha(timestep);
      double previousAlpha = i + 1 < timesteps.length ? noise.alpha(timesteps[i + 1]) : 1;
      double stepAlpha = alpha / previousAlpha;
      double beta = 1 - stepAlpha;
      double left = (1 - previousAlpha) / (1 - alpha);
      double variance = large ? beta : Math.max(left * beta, LEAST_VARIANCE);
      Combination original =
          run.config().predictionType().original(noise.at(timestep), now.latents(), now.output());
      // Formula 7.
      Combination mean =
          original
              .times(Math.sqrt(previousAlpha) * beta / (1 - alpha))
              .plus(now.latents().times(Math.sqrt(stepAlpha) * left));
      Combination fresh = timestep > 0 ? now.noise().times(Math.sqrt(variance)) : now.zero();
      steps.add(now.step(timestep, 1, mean.plus(fresh)));
    }
    return run.schedule(steps);
  }
}
