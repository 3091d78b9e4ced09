package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.LoraConfig;
import java.util.List;

/** A model that the driver has open, whichever LoRAs are to be added to it. */
@FunctionalInterface
public interface AdaptableModel {

  /**
   * The model with these LoRAs and no others; their files are found, and fetched where they lie
   * elsewhere.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with everything for which they are of no use
   * @throws java.io.UncheckedIOException where one cannot be fetched; another attempt may succeed
   */
  Adapted with(LoraConfig loras);

  /**
   * What LoRAs make of a model.
   *
   * @param digest of the model and them
   * @param doubts what of them may not be meant
   */
  record Adapted(
      GeneratorFactory generators, String digest, Model.Loras loras, List<String> doubts) {

    /** Keeps a copy. */
    public Adapted {
      doubts = List.copyOf(doubts);
    }
  }
}
