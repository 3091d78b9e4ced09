package io.sparkdiffusion.scheduler;

import io.sparkdiffusion.util.TypedValues;
import io.sparkdiffusion.util.ValueType;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A model folder's noise schedule, as DDIM needs it.
 *
 * @param trainTimesteps {@code num_train_timesteps}, how many the model was trained with, 2 to
 *     1,000,000
 * @param betaStart variance that the first timestep adds, above 0
 * @param betaEnd variance that the last timestep adds, at least betaStart and below 1
 * @param betaSchedule how the variance grows in between
 * @param setAlphaToOne whether the last step ends without any noise, rather than at timestep 0
 * @param predictionType what the UNet's output means
 * @param timestepSpacing which timesteps are visited
 * @param rescaleBetasZeroSnr whether the last timestep holds no signal (arXiv 2305.08891); refused
 *     for epsilon, whose output then says nothing about the image
 */
public record SchedulerConfig(
    int trainTimesteps,
    double betaStart,
    double betaEnd,
    BetaSchedule betaSchedule,
    boolean setAlphaToOne,
    PredictionType predictionType,
    TimestepSpacing timestepSpacing,
    boolean rescaleBetasZeroSnr) {

  /** Added to leading timesteps; diffusers' StableDiffusionPipeline forces it on every config. */
  static final int STEPS_OFFSET = 1;

  private static final int MOST_TRAIN_TIMESTEPS = 1_000_000;

  /** The keys that can win over a model folder's, as diffusers names them, sorted. */
  public static final List<String> KEYS =
      List.of(
          "beta_end",
          "beta_schedule",
          "beta_start",
          "clip_sample",
          "num_train_timesteps",
          "prediction_type",
          "rescale_betas_zero_snr",
          "set_alpha_to_one",
          "steps_offset",
          "thresholding",
          "timestep_spacing");

  /** Checks the ranges. */
  public SchedulerConfig {
    ScheduleProblems problems = new ScheduleProblems();
    checkVariances(trainTimesteps, betaStart, betaEnd, problems);
    checkTerminalSnr(rescaleBetasZeroSnr, predictionType, problems);
    problems.throwIfAny();
  }

  /**
   * Reads a {@code scheduler_config.json} of any class that trains on betas (PNDM, DDIM, Euler and
   * so on), as {@code DDIMScheduler.from_config} does: absent keys take DDIMScheduler's defaults,
   * keys that only other schedulers have are passed over. As in StableDiffusionPipeline, {@code
   * steps_offset} is 1 and {@code clip_sample} false, whatever the file says.
   *
   * @param json the file's content
   * @param overrides settings that win over the file; an empty text means the file's own value
   * @throws ScheduleException with one line for each problem: a setting of the wrong type or range,
   *     one that would change the result and is not supported, an unknown override
   */
  public static SchedulerConfig of(Map<String, Object> json, Map<String, Object> overrides) {
    ScheduleProblems problems = new ScheduleProblems();
    checkClass(json, problems);
    checkOverrides(overrides, problems);
    TypedValues settings = new TypedValues(merge(json, overrides), problems::addSetting);
    settings.read("thresholding", ValueType.only(false), false);
    int trainTimesteps = settings.read("num_train_timesteps", ValueType.WHOLE_NUMBER, 1000);
    double betaStart = settings.read("beta_start", ValueType.NUMBER, 0.0001);
    double betaEnd = settings.read("beta_end", ValueType.NUMBER, 0.02);
    BetaSchedule betaSchedule =
        settings.read("beta_schedule", ValueType.choice(BetaSchedule.class), BetaSchedule.LINEAR);
    boolean setAlphaToOne = settings.read("set_alpha_to_one", ValueType.FLAG, true);
    PredictionType prediction =
        settings.read(
            "prediction_type", ValueType.choice(PredictionType.class), PredictionType.EPSILON);
    TimestepSpacing spacing =
        settings.read(
            "timestep_spacing", ValueType.choice(TimestepSpacing.class), TimestepSpacing.LEADING);
    boolean zeroSnr = settings.read("rescale_betas_zero_snr", ValueType.FLAG, false);
    checkVariances(trainTimesteps, betaStart, betaEnd, problems);
    checkTerminalSnr(zeroSnr, prediction, problems);
    problems.throwIfAny();
    return new SchedulerConfig(
        trainTimesteps,
        betaStart,
        betaEnd,
        betaSchedule,
        setAlphaToOne,
        prediction,
        spacing,
        zeroSnr);
  }

  /** All that decides the schedule, under diffusers' names; {@link #of} reads it back. */
  public SortedMap<String, Object> toMap() {
    SortedMap<String, Object> map = new TreeMap<>();
    map.put("num_train_timesteps", trainTimesteps);
    map.put("beta_start", betaStart);
    map.put("beta_end", betaEnd);
    map.put("beta_schedule", ValueType.name(betaSchedule));
    map.put("set_alpha_to_one", setAlphaToOne);
    map.put("prediction_type", ValueType.name(predictionType));
    map.put("timestep_spacing", ValueType.name(timestepSpacing));
    map.put("rescale_betas_zero_snr", rescaleBetasZeroSnr);
    map.put("steps_offset", STEPS_OFFSET);
    map.put("clip_sample", false);
    map.put("thresholding", false);
    return map;
  }

  private static Map<String, Object> merge(
      Map<String, Object> json, Map<String, Object> overrides) {
    Map<String, Object> merged = new TreeMap<>(json);
    overrides.forEach(
        (key, value) -> {
          if (!"".equals(value)) {
            merged.put(key, value);
          }
        });
    return merged;
  }

  private static void checkClass(Map<String, Object> json, ScheduleProblems problems) {
    String name = String.valueOf(json.get("_class_name"));
    problems.check(
        !name.startsWith("FlowMatch"),
        "Cannot sample with DDIM: the model's scheduler must train on betas (%s)",
        ScheduleProblems.shown(name));
    Object betas = json.get("trained_betas");
    problems.check(
        betas == null,
        "Cannot use scheduler setting trained_betas: only null is supported (%s)",
        ScheduleProblems.shown(betas));
  }

  private static void checkOverrides(Map<String, Object> overrides, ScheduleProblems problems) {
    for (String key : new TreeSet<>(overrides.keySet())) {
      problems.check(
          KEYS.contains(key),
          "Cannot override scheduler setting: it must be one of %s (%s)",
          String.join(", ", KEYS),
          ScheduleProblems.shown(key));
    }
    TypedValues forced = new TypedValues(merge(Map.of(), overrides), problems::addSetting);
    forced.read("steps_offset", ValueType.only(STEPS_OFFSET), STEPS_OFFSET);
    forced.read("clip_sample", ValueType.only(false), false);
  }

  private static void checkVariances(
      int trainTimesteps, double betaStart, double betaEnd, ScheduleProblems problems) {
    problems.check(
        trainTimesteps >= 2 && trainTimesteps <= MOST_TRAIN_TIMESTEPS,
        "Cannot use scheduler setting num_train_timesteps: it must be from 2 to %s (%s)",
        MOST_TRAIN_TIMESTEPS,
        trainTimesteps);
    problems.check(
        betaStart > 0 && betaStart < 1,
        "Cannot use scheduler setting beta_start: it must lie between 0 and 1 (%s)",
        betaStart);
    problems.check(
        !(betaEnd < betaStart) && betaEnd < 1,
        "Cannot use scheduler setting beta_end: it must lie between beta_start and 1 (%s)",
        betaEnd);
  }

  private static void checkTerminalSnr(
      boolean zeroSnr, PredictionType prediction, ScheduleProblems problems) {
    problems.check(
        !zeroSnr || prediction != PredictionType.EPSILON,
        "Cannot use scheduler setting rescale_betas_zero_snr: it needs prediction_type"
            + " v_prediction or sample (%s)",
        ValueType.name(prediction));
  }
}
