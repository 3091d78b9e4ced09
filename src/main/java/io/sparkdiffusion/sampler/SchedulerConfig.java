package io.sparkdiffusion.sampler;

import io.sparkdiffusion.util.ValueType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A sampler with all its settings: a model folder's noise schedule and what wins over it. */
public final class SchedulerConfig {

  /** Added to leading timesteps; diffusers' StableDiffusionPipeline forces it on every config. */
  static final int STEPS_OFFSET = 1;

  private static final int MOST_TRAIN_TIMESTEPS = 1_000_000;

  /** The keys that can win over a model folder's, as diffusers names them, sorted. */
  public static final List<String> KEYS =
      Samplers.ALL.stream()
          .flatMap(sampler -> SchedulerReader.keys(sampler).stream())
          .distinct()
          .sorted()
          .toList();

  private final Sampler sampler;
  private final Map<String, Object> values;

  SchedulerConfig(Sampler sampler, Map<String, Object> values) {
    this.sampler = sampler;
    this.values = Collections.unmodifiableMap(values);
  }

  /** DDIM's, {@link #of(String, Map, Map)}. */
  public static SchedulerConfig of(Map<String, Object> json, Map<String, Object> overrides) {
    return of(Samplers.DDIM.name(), json, overrides);
  }

  /**
   * Reads a {@code scheduler_config.json} of any class that trains on betas, as diffusers' {@code
   * from_config} does: absent keys take the sampler's defaults, keys that only other samplers have
   * are passed over. As in StableDiffusionPipeline, {@code steps_offset} is 1 and {@code
   * clip_sample} false, whatever the file says.
   *
   * @param scheduler one of {@link Samplers#NAMES}, or a class of diffusers
   * @param json the file's content
   * @param overrides settings that win over the file; an empty text means the file's own value
   * @throws ScheduleException with one line for each problem: a setting of the wrong type or range,
   *     one that would change the result and is not supported, an override that the sampler does
   *     not have
   */
  public static SchedulerConfig of(
      String scheduler, Map<String, Object> json, Map<String, Object> overrides) {
    return SchedulerReader.read(scheduler, json, overrides);
  }

  /** The sampler. */
  public Sampler sampler() {
    return sampler;
  }

  /** {@code num_train_timesteps}: how many the model was trained with. */
  public int trainTimesteps() {
    return get(Options.NUM_TRAIN_TIMESTEPS);
  }

  /** Variance that the first timestep adds, above 0. */
  public double betaStart() {
    return get(Options.BETA_START);
  }

  /** Variance that the last timestep adds, at least betaStart and below 1. */
  public double betaEnd() {
    return get(Options.BETA_END);
  }

  /** How the variance grows in between. */
  public BetaSchedule betaSchedule() {
    return get(Options.BETA_SCHEDULE);
  }

  /** What the UNet's output means. */
  public PredictionType predictionType() {
    return get(Options.PREDICTION_TYPE);
  }

  /** Which timesteps are visited. */
  public TimestepSpacing timestepSpacing() {
    return get(Options.TIMESTEP_SPACING);
  }

  /** Whether the last timestep holds no signal (arXiv 2305.08891). */
  public boolean rescaleBetasZeroSnr() {
    return get(Options.RESCALE_BETAS_ZERO_SNR);
  }

  /** How noise levels are spaced. */
  SigmaSpacing sigmaSpacing() {
    return get(Options.USE_KARRAS_SIGMAS)
        ? SigmaSpacing.KARRAS
        : get(Options.USE_EXPONENTIAL_SIGMAS)
            ? SigmaSpacing.EXPONENTIAL
            : get(Options.USE_BETA_SIGMAS) ? SigmaSpacing.BETA : SigmaSpacing.INTERPOLATED;
  }

  /** A setting's value, the usual one where the sampler does not have it. */
  @SuppressWarnings("unchecked")
  <T> T get(Option<T> option) {
    return (T) values.getOrDefault(option.name(), option.usual());
  }

  /**
   * All steps of a run.
   *
   * @param numInferenceSteps denoising steps, 1 to the training timesteps (with leading spacing one
   *     less, because of the offset); some samplers call the UNet twice for one
   * @param eta share of fresh noise, 0 (none) to 1; for samplers that have it
   * @throws ScheduleException with one line for each value that is out of range
   */
  public Schedule schedule(int numInferenceSteps, double eta) {
    return schedule(numInferenceSteps, eta, OptionalInt.empty());
  }

  /**
   * The same for a run that may start from an image.
   *
   * @param fromImage the step that it begins with, 0 to numInferenceSteps - 1; empty for noise
   */
  public Schedule schedule(int numInferenceSteps, double eta, OptionalInt fromImage) {
    ScheduleProblems problems = new ScheduleProblems();
    problems.check(
        numInferenceSteps >= 1 && numInferenceSteps <= trainTimesteps(),
        "Cannot use num_inference_steps: it must be from 1 to %s (%s)",
        trainTimesteps(),
        numInferenceSteps);
    checkGiven(Options.TIMESTEPS, 0, numInferenceSteps, problems);
    checkGiven(Options.SIGMAS, 1, numInferenceSteps, problems);
    problems.check(
        eta >= 0 && eta <= 1, "Cannot use eta: it must be a number from 0 to 1 (%s)", eta);
    problems.check(
        sampler.hasEta() || !(eta > 0 && eta <= 1),
        "Cannot use eta: %s does not have it, it must be 0 (%s)",
        sampler,
        eta);
    problems.throwIfAny();
    Schedule schedule = sampler.schedule(new Run(this, numInferenceSteps, eta, fromImage));
    boolean finite =
        schedule.steps().stream()
            .flatMap(step -> step.matrix().stream())
            .flatMap(List::stream)
            .allMatch(Double::isFinite);
    problems.check(
        finite,
        "Cannot use num_inference_steps: %s would stand still between two of them (%s)",
        sampler,
        numInferenceSteps);
    problems.throwIfAny();
    return schedule;
  }

  /**
   * How much of an image and of noise there is at a training timestep (diffusers, {@code
   * add_noise}).
   *
   * @param timestep 0 to the training timesteps - 1
   */
  public NoiseLevel noiseLevel(int timestep) {
    return NoiseSchedule.of(this).at(timestep);
  }

  /**
   * All that decides the schedule, under diffusers' names; {@link #of(String, Map, Map)} reads it
   * back.
   */
  public SortedMap<String, Object> toMap() {
    SortedMap<String, Object> map = new TreeMap<>();
    sampler.options().values().forEach(option -> tell(option, map));
    if (sampler != Samplers.DDIM) {
      // Request hashes of DDIM are older than the other samplers.
      map.put("_class_name", sampler.diffusersClass());
    }
    map.put("steps_offset", STEPS_OFFSET);
    map.put("clip_sample", false);
    map.put("thresholding", false);
    return map;
  }

  private <T> void tell(Option<T> option, Map<String, Object> map) {
    Object told = option.told().apply(get(option));
    if (!"".equals(told) && !List.of().equals(told)) {
      map.put(option.name(), told);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SchedulerConfig config
        && sampler == config.sampler
        && toMap().equals(config.toMap());
  }

  @Override
  public int hashCode() {
    return toMap().hashCode();
  }

  @Override
  public String toString() {
    return sampler + " " + toMap();
  }

  void check(ScheduleProblems problems) {
    problems.check(
        trainTimesteps() >= 2 && trainTimesteps() <= MOST_TRAIN_TIMESTEPS,
        "Cannot use scheduler setting num_train_timesteps: it must be from 2 to %s (%s)",
        MOST_TRAIN_TIMESTEPS,
        trainTimesteps());
    problems.check(
        betaStart() > 0 && betaStart() < 1,
        "Cannot use scheduler setting beta_start: it must lie between 0 and 1 (%s)",
        betaStart());
    problems.check(
        !(betaEnd() < betaStart()) && betaEnd() < 1,
        "Cannot use scheduler setting beta_end: it must lie between beta_start and 1 (%s)",
        betaEnd());
    problems.check(
        !rescaleBetasZeroSnr() || predictionType() != PredictionType.EPSILON,
        "Cannot use scheduler setting rescale_betas_zero_snr: it needs prediction_type"
            + " v_prediction or sample (%s)",
        ValueType.name(predictionType()));
    checkOneSpacing(problems);
    problems.check(
        get(Options.TIMESTEPS).stream().allMatch(t -> t < trainTimesteps()),
        "Cannot use scheduler setting timesteps: they must be below %s (%s)",
        trainTimesteps(),
        get(Options.TIMESTEPS));
  }

  private void checkOneSpacing(ScheduleProblems problems) {
    List<String> chosen =
        Stream.of(
                Options.USE_KARRAS_SIGMAS,
                Options.USE_EXPONENTIAL_SIGMAS,
                Options.USE_BETA_SIGMAS,
                Options.TIMESTEPS,
                Options.SIGMAS)
            .filter(option -> !Arrays.asList(false, List.of()).contains(get(option)))
            .map(Option::name)
            .toList();
    problems.check(
        chosen.size() <= 1,
        "Cannot use scheduler settings %s: they contradict one another",
        String.join(" and ", chosen));
  }

  /** Given timesteps or noise levels are as many as there are steps. */
  private void checkGiven(
      Option<List<Double>> option, int more, int steps, ScheduleProblems problems) {
    int count = get(option).size();
    problems.check(
        count == 0 || count == steps + more,
        "Cannot use num_inference_steps: %s has %s (%s)",
        option.name(),
        count - more,
        steps);
  }
}
