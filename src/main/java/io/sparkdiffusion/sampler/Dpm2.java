package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/**
 * DPM-Solver-2 over the noise level (arXiv 2206.00927; arXiv 2206.00364, section 3 and
 * k-diffusion): a call at the noise levels' geometric mean decides how a step goes, so that it has
 * two.
 */
final class Dpm2 {

  private Dpm2() {}

  static Schedule schedule(Run run) {
    return schedule(run, (from, to) -> to, (from, to) -> 0);
  }

  /**
   * A schedule whose steps may go further down than to the next noise level.
   *
   * @param down where a step from one noise level to the next goes
   * @param up the deviation of the fresh noise that is added then
   */
  static Schedule schedule(Run run, DoubleBinaryOperator down, DoubleBinaryOperator up) {
    SigmaSchedule sigmas = SigmaSchedule.ofKDiffusion(run, Math::rint);
    Operands now = new Operands(2);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      double sigma = sigmas.sigma(i);
      double end = down.applyAsDouble(sigma, sigmas.sigma(i + 1));
      double middle = middle(sigma, end);
      steps.add(half(sigmas, i, middle, now));
      if (i + 1 < sigmas.steps()) {
        Combination derivative = sigmas.derivative(middle, now.latents(), now.output());
        Combination fresh = now.noise().times(up.applyAsDouble(sigma, sigmas.sigma(i + 1)));
        steps.add(
            now.step(
                run.noise().timestepOf(middle),
                SigmaSchedule.inputScale(middle),
                now.state(1).plus(derivative.times(end - sigma)).plus(fresh),
                now.zero()));
      }
    }
    return sigmas.ofKDiffusionTwice(run, steps);
  }

  /** To the middle of a step; the latents of its beginning are kept. */
  private static Step half(SigmaSchedule sigmas, int index, double middle, Operands now) {
    double sigma = sigmas.sigma(index);
    Combination derivative = sigmas.derivative(sigma, now.latents(), now.output());
    return now.step(
        sigmas.timestep(index),
        SigmaSchedule.inputScale(sigma),
        now.latents().plus(derivative.times(middle - sigma)),
        now.latents());
  }

  /** The geometric mean in float32; the last step goes to 0 at once. */
  private static double middle(double from, double to) {
    return to == 0 ? 0 : (float) Math.exp((Math.log(from) + Math.log(to)) / 2);
  }
}
