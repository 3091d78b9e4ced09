package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Heun's method over the noise level (arXiv 2206.00364, algorithm 1): two calls for each step. */
final class Heun {

  private Heun() {}

  static Schedule schedule(Run run) {
    SigmaSchedule sigmas = SigmaSchedule.ofKDiffusion(run, t -> t);
    Operands now = new Operands(2);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      double sigma = sigmas.sigma(i);
      double next = sigmas.sigma(i + 1);
      double width = next - sigma;
      Combination derivative = sigmas.derivative(sigma, now.latents(), now.output());
      steps.add(
          now.step(
              sigmas.timestep(i),
              SigmaSchedule.inputScale(sigma),
              now.latents().plus(derivative.times(width)),
              now.latents().plus(derivative.times(width / 2))));
      if (i + 1 < sigmas.steps()) {
        // From half a step by the first derivative, the other half by the one at its end.
        Combination second = sigmas.derivative(next, now.latents(), now.output());
        steps.add(
            now.step(
                sigmas.timestep(i + 1),
                SigmaSchedule.inputScale(next),
                now.state(1).plus(second.times(width / 2)),
                now.zero()));
      }
    }
    return sigmas.ofKDiffusionTwice(run, steps);
  }
}
