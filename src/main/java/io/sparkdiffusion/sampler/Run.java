package io.sparkdiffusion.sampler;

import io.sparkdiffusion.util.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** What a sampler is asked for. */
final class Run {

  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final int steps;
  private final double eta;
  private final OptionalInt fromImage;

  /**
   * A run of checked values.
   *
   * @param steps 1 to the training timesteps
   * @param eta share of fresh noise, 0 to 1
   * @param fromImage the step that the run begins with where it starts from an image's latents
   */
  Run(SchedulerConfig config, int steps, double eta, OptionalInt fromImage) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.steps = steps;
    this.eta = eta;
    this.fromImage = fromImage;
  }

  SchedulerConfig config() {
    return config;
  }

  NoiseSchedule noise() {
    return noise;
  }

  int steps() {
    return steps;
  }

  double eta() {
    return eta;
  }

  /** The first step that is taken, of {@link #steps()}; 0 unless a run starts from an image. */
  int begin() {
    return fromImage.orElse(0);
  }

  /** The schedule of steps whose timesteps say how much noise there is. */
  Schedule schedule(List<Step> taken) {
    return schedule(taken, step -> noise.at((int) taken.get(step).timestep()), 1);
  }

  /**
   * The schedule of these steps.
   *
   * @param image how much there is of an image's latents and of noise where each one begins
   * @param initNoiseSigma what noise alone is multiplied with
   */
  Schedule schedule(List<Step> taken, IntFunction<NoiseLevel> image, double initNoiseSigma) {
    List<NoiseLevel> levels = IntStream.range(0, taken.size()).mapToObj(image).toList();
    return fromImage.isPresent()
        ? new Schedule(taken, levels, levels.get(0).signal(), levels.get(0).noise())
        : new Schedule(taken, levels, 0, initNoiseSigma);
  }

  /** The given timesteps, or spaced ones. */
  int[] wholeTimesteps() {
    return whole(config.timestepSpacing()::timesteps);
  }

  /** The same of DPM-Solver's family. */
  int[] innerTimesteps() {
    return whole(config.timestepSpacing()::inner);
  }

  /** The same of k-diffusion's family, not always whole. */
  double[] fractionalTimesteps() {
    return given()
        ? config.get(Options.TIMESTEPS).stream().mapToDouble(t -> t).toArray()
        : checked(
            config
                .timestepSpacing()
                .fractional(noise.trainTimesteps(), steps, SchedulerConfig.STEPS_OFFSET));
  }

  /** The given timesteps, or some of those that a distilled model was trained with. */
  int[] distilledTimesteps() {
    if (given()) {
      return wholeTimesteps();
    }
    int original = config.get(Options.ORIGINAL_INFERENCE_STEPS);
    require(
        original >= 1 && original <= noise.trainTimesteps(),
        "Cannot use scheduler setting original_inference_steps: it must be from 1 to %s (%s)",
        noise.trainTimesteps(),
        original);
    require(
        steps <= original,
        "Cannot use num_inference_steps: with a distilled model's sampler it must be at most"
            + " original_inference_steps, %s (%s)",
        original,
        steps);
    int stride = noise.trainTimesteps() / original;
    double width = original / (double) steps;
    return IntStream.range(0, steps)
        .map(i -> (original - (int) Math.floor(i * width)) * stride - 1)
        .toArray();
  }

  /**
   * Refuses a run.
   *
   * @throws ScheduleException unless it holds
   */
  void require(boolean holds, String format, Object... values) {
    ScheduleProblems problems = new ScheduleProblems();
    problems.check(holds, format, values);
    problems.throwIfAny();
  }

  /** How timesteps are spaced: of so many, so many, from an offset. */
  private interface Spaced {
    int[] timesteps(int trainTimesteps, int count, int offset);
  }

  private int[] whole(Spaced spaced) {
    if (!given()) {
      int[] timesteps =
          spaced.timesteps(noise.trainTimesteps(), steps, SchedulerConfig.STEPS_OFFSET);
      checked(Arrays.stream(timesteps).asDoubleStream().toArray());
      return timesteps;
    }
    List<Double> given = config.get(Options.TIMESTEPS);
    require(
        given.stream().allMatch(t -> t == Math.rint(t)),
        "Cannot use scheduler setting timesteps: they must be whole (%s)",
        given);
    return given.stream().mapToInt(Double::intValue).toArray();
  }

  private boolean given() {
    return !config.get(Options.TIMESTEPS).isEmpty();
  }

  private double[] checked(double[] timesteps) {
    require(
        timesteps[0] < noise.trainTimesteps(),
        "Cannot use num_inference_steps: %s spacing would ask for timestep %s of 0 to %s (%s)",
        ValueType.name(config.timestepSpacing()),
        (int) timesteps[0],
        noise.trainTimesteps() - 1,
        steps);
    return timesteps;
  }
}
