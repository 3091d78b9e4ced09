package io.sparkdiffusion.sampler;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** What a model's folder and a job say of schedulers, for whichever sampler an image has. */
public final class Schedulers implements Serializable {

  private static final long serialVersionUID = 1L;

  private final TreeMap<String, Object> folder;
  private final TreeMap<String, Object> overrides;

  /** Each is asked for with every image. */
  private final ConcurrentHashMap<String, SortedMap<String, Object>> told =
      new ConcurrentHashMap<>();

  /**
   * Keeps copies, which can be sent to executors.
   *
   * @param folder the content of {@code scheduler_config.json}; values may be null as in JSON
   * @param overrides settings that win over it
   */
  public Schedulers(Map<String, Object> folder, Map<String, Object> overrides) {
    this.folder = new TreeMap<>(folder);
    this.overrides = new TreeMap<>(overrides);
  }

  /**
   * The sampler of this name with its settings, {@link SchedulerConfig#of(String, Map, Map)}.
   *
   * @throws ScheduleException where the folder or the overrides do not suit it
   */
  public SchedulerConfig config(String scheduler) {
    return SchedulerConfig.of(scheduler, folder, overrides);
  }

  /**
   * All that decides its schedule, {@link SchedulerConfig#toMap}.
   *
   * @throws ScheduleException as {@link #config}
   */
  public SortedMap<String, Object> told(String scheduler) {
    return told.computeIfAbsent(
        scheduler, name -> Collections.unmodifiableSortedMap(config(name).toMap()));
  }
}
