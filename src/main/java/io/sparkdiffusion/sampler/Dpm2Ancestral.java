package io.sparkdiffusion.sampler;

/** {@link Dpm2} below the next noise level, and fresh noise up to it (k-diffusion). */
final class Dpm2Ancestral {

  private Dpm2Ancestral() {}

  static Schedule schedule(Run run) {
    return Dpm2.schedule(run, EulerAncestral::down, EulerAncestral::up);
  }
}
