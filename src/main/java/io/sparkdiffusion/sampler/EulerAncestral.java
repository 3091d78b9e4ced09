package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** Euler's method below the next noise level, and fresh noise up to it (k-diffusion). */
final class EulerAncestral {

  private EulerAncestral() {}

  static Schedule schedule(Run run) {
    SigmaSchedule sigmas = SigmaSchedule.ofKDiffusion(run, t -> t);
    Operands now = new Operands(1);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      double sigma = sigmas.sigma(i);
      double down = down(sigma, sigmas.sigma(i + 1));
      double up = up(sigma, sigmas.sigma(i + 1));
      Combination derivative = sigmas.derivative(sigma, now.latents(), now.output());
      steps.add(
          now.step(
              sigmas.timestep(i),
              SigmaSchedule.inputScale(sigma),
              now.latents().plus(derivative.times(down - sigma)).plus(now.noise().times(up))));
    }
    return sigmas.ofKDiffusion(run, steps);
  }

  /** How far down a step goes before noise is added, in float32, where little is left of it. */
  static double down(double from, double to) {
    float next = (float) to;
    float up = (float) up(from, to);
    // Rounding may leave less than nothing.
    return (float) Math.sqrt(Math.max(0f, next * next - up * up));
  }

  /** The deviation of the noise that is added then, in float32. */
  static double up(double from, double to) {
    float before = (float) from;
    float next = (float) to;
    float square = before * before;
    return (float) Math.sqrt(next * next * (square - next * next) / square);
  }
}
