package io.sparkdiffusion.family;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.Adapters;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.sampler.ScheduleException;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.sampler.Schedulers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What can be known of a model without a device.
 *
 * @param schedulers what the folder and the overrides say of schedulers
 * @param trainedSizePixels the side of the images that the UNet was trained on
 * @param tileSizePixels the side of the VAE's tiles
 * @param doubts what may be wrong: a prediction type that the UNet may not be trained for, tensors
 *     of adapters that are left out
 * @param inputs which input images it needs and takes
 */
public record ModelFacts(
    Schedulers schedulers,
    long trainedSizePixels,
    long tileSizePixels,
    List<String> doubts,
    ModelInputs inputs) {

  /** Keeps a copy. */
  public ModelFacts {
    doubts = List.copyOf(doubts);
  }

  /** The same without adapters. */
  public static ModelFacts read(
      ModelFolder folder, Map<String, Object> schedulerOverrides, String scheduler) {
    return read(folder, AdapterSet.NONE, EmbeddingSet.NONE, schedulerOverrides, scheduler);
  }

  /**
   * Checks a folder: configurations, and names, shapes and types of all weights.
   *
   * @param adapters that are to be added to them
   * @param embeddings that are to join the text encoder's
   * @param scheduler the sampler of images that say none
   * @throws ProblemsException with every problem found
   */
  public static ModelFacts read(
      ModelFolder folder,
      AdapterSet adapters,
      EmbeddingSet embeddings,
      Map<String, Object> schedulerOverrides,
      String scheduler) {
    Networks networks = Networks.check(folder);
    Problems problems = new Problems();
    Optional<Adapters> added = problems.gather(() -> networks.adapters(adapters));
    problems.check(() -> networks.requireFit(embeddings, folder));
    problems.throwIfAny();
    Schedulers schedulers = new Schedulers(folder.schedulerConfig(), schedulerOverrides);
    SchedulerConfig usual = scheduler(schedulers, scheduler);
    return new ModelFacts(
        schedulers,
        networks.unet().sampleSize() * networks.vae().compression(),
        networks.vae().sampleSize(),
        Stream.concat(
                PredictionDoubt.of(networks.unet(), usual).stream(),
                leftOut(added.orElseThrow()).stream())
            .toList(),
        ModelInputs.of(folder, networks));
  }

  /** What adapters hold that is for no layer of the model, where there is such. */
  public static Optional<String> leftOut(Adapters adapters) {
    List<String> ignored = adapters.ignored();
    return ignored.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%s tensors of LoRAs belong to no layer of the model and are left out (%s)"
                .formatted(ignored.size(), Shown.some(ignored)));
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
