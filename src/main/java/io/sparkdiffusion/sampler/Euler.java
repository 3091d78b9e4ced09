package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Euler's method over the noise level (arXiv 2206.00364, algorithm 2 without churn). */
final class Euler {

  private Euler() {}

  static Schedule schedule(Run run) {
    SigmaSchedule sigmas = SigmaSchedule.ofKDiffusion(run, t -> t);
    Operands now = new Operands(1);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      Combination derivative = sigmas.derivative(sigmas.sigma(i), now.latents(), now.output());
      double width = sigmas.sigma(i + 1) - sigmas.sigma(i);
      steps.add(
          now.step(
              sigmas.timestep(i),
              SigmaSchedule.inputScale(sigmas.sigma(i)),
              now.latents().plus(derivative.times(width))));
    }
    return sigmas.ofKDiffusion(run, steps);
  }
}
