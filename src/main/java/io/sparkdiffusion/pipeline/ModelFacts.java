package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.scheduler.ScheduleException;
import io.sparkdiffusion.scheduler.SchedulerConfig;
import io.sparkdiffusion.weights.ModelFolder;
import java.util.Map;
import java.util.SortedMap;

/**
 * What can be known of a model without a device.
 *
 * @param schedulerConfig the full scheduler configuration, overrides applied
 * @param trainedSizePixels the side of the pictures that the UNet was trained on
 */
public record ModelFacts(SortedMap<String, Object> schedulerConfig, long trainedSizePixels) {

  /**
   * Checks a folder: configurations, and names, shapes and types of all weights.
   *
   * @throws ProblemsException with every problem found
   */
  public static ModelFacts read(ModelFolder folder, Map<String, Object> schedulerOverrides) {
    Networks networks = Networks.check(folder);
    return new ModelFacts(
        scheduler(folder.schedulerConfig(), schedulerOverrides).toMap(),
        networks.unet().sampleSize() * networks.vae().compression());
  }

  static SchedulerConfig scheduler(Map<String, Object> json, Map<String, Object> overrides) {
    try {
      return SchedulerConfig.of(json, overrides);
    } catch (ScheduleException e) {
      throw new ProblemsException(e.problems());
    }
  }
}
