package io.sparkdiffusion.sampler;

import java.io.Serializable;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model's folder and a job say of schedulers, for whichever sampler an image has.
 *
 * @param folder the content of {@code scheduler_config.json}; values may be null as in JSON
 * @param overrides settings that win over it
 */
public record Schedulers(Map<String, Object> folder, Map<String, Object> overrides)
    implements Serializable {

  /** Keeps sorted copies, which can be sent to executors. */
  public Schedulers {
    folder = new TreeMap<>(folder);
    overrides = new TreeMap<>(overrides);
  }

  /**
   * The sampler of this name with its settings, {@link SchedulerConfig#of(String, Map, Map)}.
   *
   * @throws ScheduleException where the folder or the overrides do not suit it
   */
  public SchedulerConfig config(String scheduler) {
    return SchedulerConfig.of(scheduler, folder, overrides);
  }

  /** All that decides its schedule, {@link SchedulerConfig#toMap}. */
  public SortedMap<String, Object> told(String scheduler) {
    return config(scheduler).toMap();
  }
}
