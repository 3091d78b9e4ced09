package io.sparkdiffusion.sampler;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntUnaryOperator;

/** The noise levels that a run goes through, for samplers that think in noise over signal. */
final class SigmaSchedule {

  private final PredictionType prediction;
  private final double[] timesteps;
  private final double[] sigmas;

  /**
   * Rounded to float32, as diffusers has them.
   *
   * @param sigmas one more than timesteps
   */
  private SigmaSchedule(Run run, double[] timesteps, double[] sigmas) {
    this.prediction = run.config().predictionType();
    this.timesteps = Arrays.stream(timesteps).map(t -> (float) t).toArray();
    this.sigmas = Arrays.stream(sigmas).map(sigma -> (float) sigma).toArray();
  }

  /**
   * As k-diffusion's samplers go: both ends are visited, the timesteps need not be whole, the
   * variance of the latents grows with the noise.
   *
   * @param karrasTimestep which timestep the UNet is told at the one of a noise level of Karras's
   */
  static SigmaSchedule ofKDiffusion(Run run, DoubleUnaryOperator karrasTimestep) {
    SchedulerConfig config = run.config();
    NoiseSchedule noise = run.noise();
    List<Double> given = config.get(Options.SIGMAS);
    if (!given.isEmpty()) {
      double[] sigmas = given.stream().mapToDouble(Double::floatValue).toArray();
      return new SigmaSchedule(run, timesteps(noise, withoutLast(sigmas), t -> t), sigmas);
    }
    double[] timesteps = run.fractionalTimesteps();
    double[] sigmas = Arrays.stream(timesteps).map(noise::sigmaAt).toArray();
    SigmaSpacing spacing = config.sigmaSpacing();
    if (spacing != SigmaSpacing.INTERPOLATED) {
      sigmas = spacing.sigmas(sigmas[0], sigmas[sigmas.length - 1], sigmas.length);
      timesteps =
          timesteps(noise, sigmas, spacing == SigmaSpacing.KARRAS ? karrasTimestep : t -> t);
    }
    double last = config.get(Options.FINAL_SIGMAS_TYPE) == FinalSigma.ZERO ? 0 : noise.sigma(0);
    return new SigmaSchedule(run, timesteps, with(sigmas, last));
  }

  /**
   * As DPM-Solver's family goes: whole timesteps, of which the end is left out, and latents with a
   * variance of 1.
   *
   * @param end where the run ends
   * @param smallest which noise level is left where it does not end without any
   */
  static SigmaSchedule ofDpmSolver(Run run, FinalSigma end, Smallest smallest) {
    SchedulerConfig config = run.config();
    NoiseSchedule noise = run.noise();
    double[] timesteps = Arrays.stream(run.innerTimesteps()).asDoubleStream().toArray();
    double[] sigmas = Arrays.stream(timesteps).map(noise::sigmaAt).toArray();
    SigmaSpacing spacing = config.sigmaSpacing();
    if (spacing != SigmaSpacing.INTERPOLATED) {
      double most = noise.sigma(noise.trainTimesteps() - 1);
      sigmas = spacing.sigmas(most, noise.sigma(0), sigmas.length);
      // diffusers rounds Karras's and cuts the others off.
      timesteps =
          timesteps(noise, sigmas, spacing == SigmaSpacing.KARRAS ? Math::rint : Math::floor);
    }
    boolean repeats = smallest == Smallest.LAST && spacing != SigmaSpacing.INTERPOLATED;
    double least = repeats ? sigmas[sigmas.length - 1] : noise.sigma(0);
    return new SigmaSchedule(run, timesteps, with(sigmas, end == FinalSigma.ZERO ? 0 : least));
  }

  /** Which noise level is the smallest. */
  enum Smallest {
    /** That of the first training timestep. */
    TRAINED,
    /** The last of the run's, where they are not those of its timesteps. */
    LAST
  }

  int steps() {
    return timesteps.length;
  }

  double timestep(int index) {
    return timesteps[index];
  }

  /** The noise level at a step; at {@link #steps} the one that is left. */
  double sigma(int index) {
    return sigmas[index];
  }

  /** Signal and noise there. */
  NoiseLevel level(int index) {
    return NoiseLevel.ofSigma(sigmas[index]);
  }

  /** The way from one step to another in the logarithm of signal to noise. */
  double width(int from, int to) {
    return level(to).logSnr() - level(from).logSnr();
  }

  /** What latents of k-diffusion's are multiplied with, so that the UNet sees a variance of 1. */
  static double inputScale(double sigma) {
    return 1 / Math.sqrt(sigma * sigma + 1);
  }

  /** The slope of k-diffusion's latents over the noise level: the predicted noise. */
  Combination derivative(double sigma, Combination latents, Combination output) {
    return prediction.epsilon(NoiseLevel.ofSigma(sigma), latents.times(inputScale(sigma)), output);
  }

  /** The schedule of such a run with one call for each noise level. */
  Schedule ofKDiffusion(Run run, List<Step> steps) {
    return ofKDiffusion(run, steps, call -> call);
  }

  /** The same with two calls for each; diffusers counts the second one to the level below. */
  Schedule ofKDiffusionTwice(Run run, List<Step> steps) {
    return ofKDiffusion(run, steps, call -> (call + 1) / 2);
  }

  /** K-diffusion adds noise to an image's latents as they are. */
  private Schedule ofKDiffusion(Run run, List<Step> steps, IntUnaryOperator levels) {
    double most = Arrays.stream(sigmas).max().orElseThrow();
    boolean isLeading = run.config().timestepSpacing() == TimestepSpacing.LEADING;
    return run.schedule(
        steps,
        call -> new NoiseLevel(1, sigmas[run.begin() + levels.applyAsInt(call)]),
        isLeading ? Math.sqrt(most * most + 1) : most);
  }

  private static double[] timesteps(
      NoiseSchedule noise, double[] sigmas, DoubleUnaryOperator rounding) {
    return Arrays.stream(sigmas).map(noise::timestepOf).map(rounding).toArray();
  }

  private static double[] withoutLast(double[] values) {
    return Arrays.copyOf(values, values.length - 1);
  }

  private static double[] with(double[] values, double last) {
    double[] all = Arrays.copyOf(values, values.length + 1);
    all[values.length] = last;
    return all;
  }
}
