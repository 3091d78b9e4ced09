package io.sparkdiffusion.family;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.sampler.ScheduleException;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.sampler.Schedulers;
import java.util.Map;
import java.util.Optional;

/**
 * What can be known of a model without a device.
 *
 * @param schedulers what the folder and the overrides say of schedulers
 * @param trainedSizePixels the side of the images that the UNet was trained on
 * @param tileSizePixels the side of the VAE's tiles
 * @param predictionDoubt why the prediction type may not be the one that the UNet was trained for
 */
public record ModelFacts(
    Schedulers schedulers,
    long trainedSizePixels,
    long tileSizePixels,
    Optional<String> predictionDoubt) {

  /**
   * Checks a folder: configurations, and names, shapes and types of all weights.
   *
   * @param scheduler the sampler of images that say none
   * @throws ProblemsException with every problem found
   */
  public static ModelFacts read(
      ModelFolder folder, Map<String, Object> schedulerOverrides, String scheduler) {
    Networks networks = Networks.check(folder);
    Schedulers schedulers = new Schedulers(folder.schedulerConfig(), schedulerOverrides);
    SchedulerConfig usual = scheduler(schedulers, scheduler);
    return new ModelFacts(
        schedulers,
        networks.unet().sampleSize() * networks.vae().compression(),
        networks.vae().sampleSize(),
        PredictionDoubt.of(networks.unet(), usual));
  }

  /**
   * A sampler's schedule.
   *
   * @throws ProblemsException where it cannot be used, with every reason
   */
  public static SchedulerConfig scheduler(Schedulers schedulers, String scheduler) {
    try {
      return schedulers.config(scheduler);
    } catch (ScheduleException e) {
      throw new ProblemsException(e.problems());
    }
  }
}
