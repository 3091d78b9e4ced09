package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.spark.device.VisibleGpus;
import io.sparkdiffusion.torch.NoGpu;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * Loads a generator on an executor. Factories that are equal share what they load, so a factory is
 * a record of paths and options; model bytes do not travel.
 */
public interface GeneratorFactory extends VisibleGpus, Serializable {

  /**
   * Makes sure that this machine has the files that are to be loaded; fetches them where they are
   * missing.
   *
   * @param hadoop how to reach the file systems that Hadoop knows
   * @throws ProblemsException where they are not the driver's
   * @throws java.io.UncheckedIOException where another attempt may succeed
   */
  void check(Configuration hadoop);

  /** The same for its LoRAs alone, where the model has been checked. */
  default void checkLoras(Configuration hadoop) {}

  /**
   * Opens the model on the driver for other LoRAs than its own.
   *
   * @param baseDigest the model's without LoRAs
   * @param named how the job names the model
   * @param hub which hub is asked for LoRAs
   * @throws ProblemsException where it takes none
   */
  default AdaptableModel adaptable(
      String baseDigest, ModelConfig named, Configuration hadoop, HubEnvironment hub) {
    throw new ProblemsException(
        "Cannot add LoRAs: it must be a model with weights (%s)".formatted(named.folder()));
  }

  /**
   * The same for a run whose number format and batches are settled.
   *
   * @param execution with a number format
   */
  default GeneratorFactory settled(ExecutionConfig execution) {
    return this;
  }

  /**
   * Checks the files and loads all weights on a device.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  ImageGenerator load(String device, Configuration hadoop);

  /** Why it could use none, with every reason; none where it could, or where none is known. */
  default List<NoGpu> whyNoGpu() {
    return List.of();
  }

  /** What computes on a device of this machine, where that is not what the job brings. */
  default Optional<String> computesWith(String device) {
    return Optional.empty();
  }
}
