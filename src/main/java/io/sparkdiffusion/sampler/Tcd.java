package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Trajectory consistency distillation (arXiv 2402.19159, algorithm 4); eta is its gamma. */
final class Tcd {

  private Tcd() {}

  static Schedule schedule(Run run) {
    NoiseSchedule noise = run.noise();
    PredictionType type = run.config().predictionType();
    int[] timesteps = run.distilledTimesteps();
    Operands now = new Operands(1);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < timesteps.length; i++) {
      NoiseLevel level = noise.at(timesteps[i]);
      boolean last = i + 1 == timesteps.length;
      int previous = last ? 0 : timesteps[i + 1];
      int target = (int) ((float) (1 - run.eta()) * previous);
      NoiseLevel there = noise.at(target);
      Combination next =
          type.original(level, now.latents(), now.output())
              .times(there.signal())
              .plus(type.epsilon(level, now.latents(), now.output()).times(there.noise()));
      if (run.eta() > 0 && !last) {
        double kept = noise.alpha(previous) / noise.alpha(target);
        next = next.times(Math.sqrt(kept)).plus(now.noise().times(Math.sqrt(1 - kept)));
      }
      steps.add(now.step(timesteps[i], 1, next));
    }
    return run.schedule(steps);
  }
}
