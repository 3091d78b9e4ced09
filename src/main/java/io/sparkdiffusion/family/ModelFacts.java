package io.sparkdiffusion.family;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.scheduler.ScheduleException;
import io.sparkdiffusion.scheduler.SchedulerConfig;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What can be known of a model without a device.
 *
 * @param schedulerConfig the full scheduler configuration, overrides applied
 * @param trainedSizePixels the side of the images that the UNet was trained on
 * @param tileSizePixels the side of the VAE's tiles
 * @param predictionDoubt why the prediction type may not be the one that the UNet was trained for
 */
public record ModelFacts(
    SortedMap<String, Object> schedulerConfig,
    long trainedSizePixels,
    long tileSizePixels,
    Optional<String> predictionDoubt) {

  /**
   * Checks a folder: configurations, and names, shapes and types of all weights.
   *
   * @throws ProblemsException with every problem found
   */
  public static ModelFacts read(ModelFolder folder, Map<String, Object> schedulerOverrides) {
    Networks networks = Networks.check(folder);
    SchedulerConfig scheduler = scheduler(folder.schedulerConfig(), schedulerOverrides);
    return new ModelFacts(
        scheduler.toMap(),
        networks.unet().sampleSize() * networks.vae().compression(),
        networks.vae().sampleSize(),
        PredictionDoubt.of(networks.unet(), scheduler));
  }

  /**
   * A folder's schedule.
   *
   * @throws ProblemsException where it cannot be used, with every reason
   */
  public static SchedulerConfig scheduler(Map<String, Object> json, Map<String, Object> overrides) {
    try {
      return SchedulerConfig.of(json, overrides);
    } catch (ScheduleException e) {
      throw new ProblemsException(e.problems());
    }
  }
}
