package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Latent consistency models (arXiv 2310.04378, algorithm 3): to clean latents, and noise again. */
final class Lcm {

  private static final double DATA_DEVIATION = 0.5;

  private Lcm() {}

  static Schedule schedule(Run run) {
    NoiseSchedule noise = run.noise();
    int[] timesteps = run.distilledTimesteps();
    Operands now = new Operands(1);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < timesteps.length; i++) {
      double time = timesteps[i] * run.config().get(Options.TIMESTEP_SCALING);
      double spread = time * time + DATA_DEVIATION * DATA_DEVIATION;
      Combination original =
          run.config()
              .predictionType()
              .original(noise.at(timesteps[i]), now.latents(), now.output());
      Combination denoised =
          original
              .times(time / Math.sqrt(spread))
              .plus(now.latents().times(DATA_DEVIATION * DATA_DEVIATION / spread));
      if (i + 1 < timesteps.length) {
        NoiseLevel next = noise.at(timesteps[i + 1]);
        denoised = denoised.times(next.signal()).plus(now.noise().times(next.noise()));
      }
      steps.add(now.step(timesteps[i], 1, denoised));
    }
    return run.schedule(steps);
  }
}
