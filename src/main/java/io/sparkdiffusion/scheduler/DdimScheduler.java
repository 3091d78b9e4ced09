package io.sparkdiffusion.scheduler;

import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.Step;
import io.sparkdiffusion.scheduler.PredictionType.Prediction;
import io.sparkdiffusion.util.ValueType;
import java.util.ArrayList;
import java.util.List;

/**
 * Denoising diffusion implicit models (arXiv 2010.02502), with the numbers of diffusers'
 * DDIMScheduler: immutable, plain arithmetic, no tensors.
 */
public final class DdimScheduler {

  private final int[] timesteps;
  private final Schedule schedule;

  private DdimScheduler(int[] timesteps, Schedule schedule) {
    this.timesteps = timesteps;
    this.schedule = schedule;
  }

  /**
   * The whole schedule of a run.
   *
   * @param numInferenceSteps denoising steps, 1 to the training timesteps (with leading spacing one
   *     less, because of the offset)
   * @param eta share of fresh noise, 0 (none) to 1 (as DDPM), formula 16
   * @throws IllegalArgumentException with one line for each value that is out of range
   */
  public static DdimScheduler of(SchedulerConfig config, int numInferenceSteps, double eta) {
    ScheduleProblems problems = new ScheduleProblems();
    checkSteps(config, numInferenceSteps, problems);
    problems.check(
        eta >= 0 && eta <= 1, "Cannot use eta: it must be a number from 0 to 1 (%s)", eta);
    problems.throwIfAny();
    int[] timesteps = timesteps(config, numInferenceSteps);
    return new DdimScheduler(timesteps, new Schedule(steps(config, timesteps, eta), 1));
  }

  /** The timesteps that the UNet is told, in the order of denoising. */
  public int[] timesteps() {
    return timesteps.clone();
  }

  /** The steps in the same order; the latents are the one state, as they are what the UNet sees. */
  public Schedule schedule() {
    return schedule;
  }

  private static void checkSteps(SchedulerConfig config, int count, ScheduleProblems problems) {
    int trainTimesteps = config.trainTimesteps();
    if (count < 1 || count > trainTimesteps) {
      problems.add(
          "Cannot use num_inference_steps: it must be from 1 to %s (%s)", trainTimesteps, count);
      return;
    }
    int first = timesteps(config, count)[0];
    problems.check(
        first < trainTimesteps,
        "Cannot use num_inference_steps: %s spacing would ask for timestep %s of 0 to %s (%s)",
        ValueType.name(config.timestepSpacing()),
        first,
        trainTimesteps - 1,
        count);
  }

  private static int[] timesteps(SchedulerConfig config, int count) {
    return config
        .timestepSpacing()
        .timesteps(config.trainTimesteps(), count, SchedulerConfig.STEPS_OFFSET);
  }

  private static List<Step> steps(SchedulerConfig config, int[] timesteps, double eta) {
    float[] alphasCumulativeProduct = AlphasCumulativeProduct.of(config);
    double finalAlpha = config.setAlphaToOne() ? 1 : alphasCumulativeProduct[0];
    int stride = config.trainTimesteps() / timesteps.length;
    List<Step> steps = new ArrayList<>();
    for (int timestep : timesteps) {
      double alpha = alphasCumulativeProduct[timestep];
      int previous = timestep - stride;
      double previousAlpha = previous >= 0 ? alphasCumulativeProduct[previous] : finalAlpha;
      List<Double> factors = step(config.predictionType().at(alpha), alpha, previousAlpha, eta);
      steps.add(new Step(timestep, 1, List.of(factors)));
    }
    return steps;
  }

  /** Formulas 12 and 16: the factors of latents, output and noise. */
  private static List<Double> step(
      Prediction prediction, double alpha, double previousAlpha, double eta) {
    double variance = (1 - previousAlpha) / (1 - alpha) * (1 - alpha / previousAlpha);
    double deviation = eta * Math.sqrt(variance);
    double toOriginal = Math.sqrt(previousAlpha);
    // Nothing is left here where eta is 1 and alpha 0, and rounding may make it negative.
    double toNoise = Math.sqrt(Math.max(0, 1 - previousAlpha - deviation * deviation));
    return List.of(
        toOriginal * prediction.originalFromSample() + toNoise * prediction.epsilonFromSample(),
        toOriginal * prediction.originalFromOutput() + toNoise * prediction.epsilonFromOutput(),
        deviation);
  }
}
