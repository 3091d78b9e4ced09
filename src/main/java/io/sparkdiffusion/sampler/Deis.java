package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/**
 * The diffusion exponential integrator sampler in the logarithm of rho, tAB-DEIS (arXiv
 * 2204.13902): the predicted noise of earlier steps as a polynomial in log rho, rho being noise
 * over signal.
 */
final class Deis {

  private Deis() {}

  static Schedule schedule(Run run) {
    SigmaSchedule sigmas =
        SigmaSchedule.ofDpmSolver(run, FinalSigma.SIGMA_MIN, SigmaSchedule.Smallest.LAST);
    Operands now = new Operands(run.config().get(Options.SOLVER_ORDER));
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      NoiseLevel from = sigmas.level(i);
      NoiseLevel to = sigmas.level(i + 1);
      Combination output = run.config().predictionType().epsilon(from, now.latents(), now.output());
      int order = DpmSolver.multistepOrder(run, i);
      Combination next = now.latents().times(to.signal() / from.signal());
      for (int k = 0; k < order; k++) {
        Combination earlier = k == 0 ? output : now.state(k);
        next = next.plus(earlier.times(to.signal() * weight(sigmas, i, order, k)));
      }
      Combination last = now.states() > 1 ? now.state(1) : now.zero();
      steps.add(now.step(sigmas.timestep(i), 1, next, output, last));
    }
    return run.schedule(steps, step -> sigmas.level(run.begin() + step), 1);
  }

  /** The integral over rho of the polynomial that is 1 at the output k steps ago (formula 15). */
  private static double weight(SigmaSchedule sigmas, int index, int order, int k) {
    double from = sigmas.sigma(index);
    double to = sigmas.sigma(index + 1);
    double at = Math.log(sigmas.sigma(index - k));
    double c = order > 1 ? Math.log(sigmas.sigma(index - (k + 1) % order)) : 0;
    double d = order > 2 ? Math.log(sigmas.sigma(index - (k + 2) % order)) : 0;
    return switch (order) {
      case 1 -> to - from;
      case 2 -> (line(to, c) - line(from, c)) / (at - c);
      default -> (parabola(to, c, d) - parabola(from, c, d)) / ((at - c) * (at - d));
    };
  }

  /** The integral of {@code log t - c}. */
  private static double line(double t, double c) {
    return t * (Math.log(t) - c - 1);
  }

  /** The integral of {@code (log t - c) (log t - d)}. */
  private static double parabola(double t, double c, double d) {
    double log = Math.log(t);
    return t * (c * (d - log + 1) - d * log + d + log * log - 2 * log + 2);
  }
}
