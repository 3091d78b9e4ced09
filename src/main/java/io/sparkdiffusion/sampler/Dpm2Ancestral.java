package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/** {@link Dpm2} below the next noise level, and fresh noise up to it (k-diffusion). */
final class Dpm2Ancestral {

  private Dpm2Ancestral() {}

  static Schedule schedule(Run run) {
    SigmaSchedule sigmas = SigmaSchedule.ofKDiffusion(run, Math::rint);
    Operands now = new Operands(2);
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < sigmas.steps(); i++) {
      double sigma = sigmas.sigma(i);
      double down = EulerAncestral.down(sigma, sigmas.sigma(i + 1));
      double up = EulerAncestral.up(sigma, sigmas.sigma(i + 1));
      double middle = Dpm2.middle(sigma, down);
      steps.add(Dpm2.half(sigmas, i, middle, now));
      if (i + 1 < sigmas.steps()) {
        Combination derivative = sigmas.derivative(middle, now.latents(), now.output());
        steps.add(
            now.step(
                run.noise().timestepOf(middle),
                SigmaSchedule.inputScale(middle),
                now.state(1).plus(derivative.times(down - sigma)).plus(now.noise().times(up)),
                now.zero()));
      }
    }
    return new Schedule(steps, sigmas.initNoiseSigma(run.config().timestepSpacing()));
  }
}
