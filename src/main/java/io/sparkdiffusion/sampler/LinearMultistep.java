package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** The linear multistep method of order 4 over the noise level (k-diffusion). */
final class LinearMultistep {

  private static final int ORDER = 4;

  private LinearMultistep() {}

  static Schedule schedule(Run run) {
    SigmaSchedule sigmas = SigmaSchedule.ofKDiffusion(run, t -> t);
    Operands now = new Operands(ORDER);
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      Combination derivative = sigmas.derivative(sigmas.sigma(i), now.latents(), now.output());
      Combination next = now.latents();
      // From an image too, as diffusers has it: the outputs that there are not are zeros.
      int order = Math.min(i + 1, ORDER);
      for (int k = 0; k < order; k++) {
        Combination earlier = k == 0 ? derivative : now.state(k);
        next = next.plus(earlier.times(weight(sigmas, i, order, k)));
      }
      steps.add(
          now.step(
              sigmas.timestep(i),
              SigmaSchedule.inputScale(sigmas.sigma(i)),
              next,
              derivative,
              now.state(1),
              now.state(2)));
    }
    return sigmas.ofKDiffusion(run, steps);
  }

  /**
   * The integral over a step of the polynomial that is 1 at the noise level k steps ago and 0 at
   * the others, by Gauss's two points, which are exact to degree 3.
   */
  private static double weight(SigmaSchedule sigmas, int index, int order, int k) {
    double half = (sigmas.sigma(index + 1) - sigmas.sigma(index)) / 2;
    double middle = sigmas.sigma(index) + half;
    double offset = half / Math.sqrt(3);
    return half
        * (polynomial(sigmas, index, order, k, middle - offset)
            + polynomial(sigmas, index, order, k, middle + offset));
  }

  private static double polynomial(
      SigmaSchedule sigmas, int index, int order, int k, double sigma) {
    double product = 1;
    for (int j = 0; j < order; j++) {
      if (j != k) {
        double zero = sigmas.sigma(index - j);
        product *= (sigma - zero) / (sigmas.sigma(index - k) - zero);
      }
    }
    return product;
  }
}
