package io.sparkdiffusion.sampler;

/**
 * The exponential integrator of DPM-Solver (arXiv 2206.00927, formula 3.4), of DPM-Solver++ (arXiv
 * 2211.01095, formula 9) and of their stochastic forms, from one noise level to another: factors of
 * the latents, of the converted output and its differences, of fresh noise.
 */
record DpmSolver(double latents, double output, double slope, double curve, double noise) {

  /** Below this many steps the last ones of a multistep solver are of a lower order. */
  private static final int FEW_STEPS = 15;

  /**
   * The factors.
   *
   * @param algorithm diffusers' {@code algorithm_type}
   */
  static DpmSolver between(String algorithm, NoiseLevel from, NoiseLevel to) {
    double h = to.logSnr() - from.logSnr();
    return switch (algorithm) {
      case "dpmsolver++" -> ofOriginal(to.noise() / from.noise(), to.signal(), -h, 0.5, 0);
      case "sde-dpmsolver++" ->
          ofOriginal(
              to.noise() / from.noise() * Math.exp(-h),
              to.signal(),
              -2 * h,
              // The other sign in diffusers than without noise.
              -0.5,
              to.noise() * Math.sqrt(-Math.expm1(-2 * h)));
      case "dpmsolver" -> ofNoise(from, to, h, 1, 0);
      case "sde-dpmsolver" -> ofNoise(from, to, h, 2, to.noise() * Math.sqrt(Math.expm1(2 * h)));
      default ->
          throw new IllegalArgumentException(
              "Cannot sample: no such algorithm_type (" + algorithm + ")");
    };
  }

  /** The output is the original sample; {@code g} is -h, twice that with noise. */
  private static DpmSolver ofOriginal(
      double latents, double signal, double g, double half, double noise) {
    double decay = Math.expm1(g);
    return new DpmSolver(
        latents,
        -signal * decay,
        signal * (1 - decay / g),
        signal * (half - (decay - g) / (g * g)),
        noise);
  }

  /** The output is the predicted noise, which weighs twice where noise is drawn. */
  private static DpmSolver ofNoise(
      NoiseLevel from, NoiseLevel to, double h, int weight, double noise) {
    double growth = Math.expm1(h);
    double factor = -weight * to.noise();
    return new DpmSolver(
        to.signal() / from.signal(),
        factor * growth,
        factor * (growth / h - 1),
        factor * ((growth - h) / (h * h) - 0.5),
        noise);
  }

  /** Whether an algorithm's output is the original sample, the predicted noise otherwise. */
  static boolean predictsOriginal(String algorithm) {
    return algorithm.endsWith("++");
  }

  /** What the solver integrates. */
  static Combination converted(Run run, NoiseLevel level, Operands now) {
    PredictionType type = run.config().predictionType();
    return predictsOriginal(run.config().get(Options.ALGORITHM_TYPE))
        ? type.original(level, now.latents(), now.output())
        : type.epsilon(level, now.latents(), now.output());
  }

  /**
   * From how many outputs a multistep solver goes on: as many as there are up to the order that is
   * asked for, and at the end of a short run no more than there are steps left.
   */
  static int multistepOrder(Run run, int index) {
    int most = Math.min(run.config().get(Options.SOLVER_ORDER), index - run.begin() + 1);
    boolean fewer = run.config().get(Options.LOWER_ORDER_FINAL) && run.steps() < FEW_STEPS;
    return fewer ? Math.min(most, run.steps() - index) : most;
  }

  /** The noise levels; an algorithm that integrates the noise cannot end without any. */
  static SigmaSchedule sigmas(Run run) {
    String algorithm = run.config().get(Options.ALGORITHM_TYPE);
    FinalSigma end = run.config().get(Options.FINAL_SIGMAS_TYPE);
    run.require(
        predictsOriginal(algorithm) || end == FinalSigma.SIGMA_MIN,
        "Cannot use scheduler setting algorithm_type: it needs final_sigmas_type sigma_min (%s)",
        algorithm);
    return SigmaSchedule.ofDpmSolver(run, end, SigmaSchedule.Smallest.TRAINED);
  }
}
