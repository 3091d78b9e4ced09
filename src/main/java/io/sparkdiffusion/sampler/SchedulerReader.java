package io.sparkdiffusion.sampler;

import io.sparkdiffusion.util.TypedValues;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Reads a sampler's settings and tells all that is wrong with them. */
final class SchedulerReader {

  private SchedulerReader() {}

  /** {@link SchedulerConfig#of(String, Map, Map)}. */
  static SchedulerConfig read(
      String scheduler, Map<String, Object> json, Map<String, Object> overrides) {
    ScheduleProblems problems = new ScheduleProblems();
    Sampler sampler = sampler(scheduler, json, problems);
    checkClass(sampler, json, problems);
    Map<String, Object> forced = merge(Map.of(), overrides);
    checkOverrides(sampler, forced, problems);
    TypedValues settings =
        new TypedValues(merge(merge(json, sampler.preset()), forced), problems::addSetting);
    Map<String, Object> values = new TreeMap<>();
    for (Option<?> option : sampler.options().values()) {
      values.put(option.name(), option.read(settings));
    }
    SchedulerConfig config = new SchedulerConfig(sampler, values);
    config.check(problems);
    problems.throwIfAny();
    return config;
  }

  private static Sampler sampler(
      String scheduler, Map<String, Object> json, ScheduleProblems problems) {
    if (scheduler.equals(Samplers.MODEL)) {
      return Samplers.ofModel(json)
          .orElseGet(
              () -> {
                problems.add(
                    "Cannot sample as the model's scheduler_config.json says: its _class_name must"
                        + " be one of %s (%s)",
                    String.join(
                        ", ",
                        Samplers.ALL.stream().map(Sampler::diffusersClass).distinct().toList()),
                    ScheduleProblems.shown(json.get("_class_name")));
                return Samplers.DDIM;
              });
    }
    return Samplers.named(scheduler)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Cannot sample: the scheduler must be one of %s (%s)"
                        .formatted(String.join(", ", Samplers.NAMES), scheduler)));
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

  private static void checkClass(
      Sampler sampler, Map<String, Object> json, ScheduleProblems problems) {
    String name = String.valueOf(json.get("_class_name"));
    problems.check(
        !name.matches("FlowMatch.*|EDM.*|CosineDPM.*"),
        "Cannot sample with %s: the model's scheduler must train on betas (%s)",
        sampler,
        ScheduleProblems.shown(name));
    Object betas = json.get("trained_betas");
    problems.check(
        betas == null,
        "Cannot use scheduler setting trained_betas: only null is supported (%s)",
        ScheduleProblems.shown(betas));
  }

  /** The keys that can win over a folder's. */
  static List<String> keys(Sampler sampler) {
    return Stream.concat(
            Stream.of("clip_sample", "steps_offset"), sampler.options().keySet().stream())
        .sorted()
        .toList();
  }

  private static void checkOverrides(
      Sampler sampler, Map<String, Object> overrides, ScheduleProblems problems) {
    for (String key : new TreeSet<>(overrides.keySet())) {
      if (!SchedulerConfig.KEYS.contains(key)) {
        problems.add(
            "Cannot override scheduler setting: it must be one of %s (%s)",
            String.join(", ", keys(sampler)), ScheduleProblems.shown(key));
      } else {
        problems.check(
            keys(sampler).contains(key),
            "Cannot use scheduler setting %s: %s does not have it (%s)",
            key,
            sampler,
            ScheduleProblems.shown(overrides.get(key)));
      }
    }
    TypedValues forced = new TypedValues(overrides, problems::addSetting);
    Options.only("steps_offset", SchedulerConfig.STEPS_OFFSET).read(forced);
    Options.only("clip_sample", false).read(forced);
  }
}
