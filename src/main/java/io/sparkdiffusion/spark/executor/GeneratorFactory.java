package io.sparkdiffusion.spark.executor;

import java.io.Serializable;

/**
 * Loads a generator on an executor. Factories that are equal share what they load, so a factory is
 * a record of paths and options; model bytes do not travel.
 */
public interface GeneratorFactory extends Serializable {

  /**
   * Loads all weights on a device.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  ImageGenerator load(String device);

  /** How many GPUs a generator of this JVM could use. */
  int gpuCount();
}
