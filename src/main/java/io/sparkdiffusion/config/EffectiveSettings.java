package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameters;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** A configuration as keys and values again, for logs and reports. */
final class EffectiveSettings {

  private EffectiveSettings() {}

  static SortedMap<String, String> of(JobConfig config) {
    SortedMap<String, String> told = new TreeMap<>();
    Settings.ALL.forEach(setting -> told.put(setting.key(), setting.in(config)));
    return Collections.unmodifiableSortedMap(told);
  }

  /** What differs from the defaults, those that follow from other settings too. */
  static SortedMap<String, String> chosen(JobConfig config) {
    SortedMap<String, String> chosen = new TreeMap<>(of(config));
    chosen
        .entrySet()
        .removeIf(setting -> setting.getValue().equals(usual(setting.getKey(), config)));
    return Collections.unmodifiableSortedMap(chosen);
  }

  private static String usual(String key, JobConfig config) {
    boolean isSquare = Settings.isSquare(config.sampling());
    return switch (key) {
      case "height", "width" -> isSquare ? config.sampling().get(Parameters.HEIGHT).toString() : "";
      case "resolution" -> isSquare ? Settings.BY_KEY.get(key).defaultValue() : "";
      case "num_images" ->
          config.input() instanceof InputConfig.Single
              ? Integer.toString(config.execution().perDeviceBatchSize().orOne())
              : "1";
      case "output_dir" -> "output/" + config.runName();
      default -> Settings.BY_KEY.get(key).defaultValue();
    };
  }
}
