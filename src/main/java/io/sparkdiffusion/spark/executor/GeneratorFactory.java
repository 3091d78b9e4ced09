package io.sparkdiffusion.spark.executor;

import java.io.Serializable;
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
   * @throws io.sparkdiffusion.config.ProblemsException where they are not the driver's
   * @throws java.io.UncheckedIOException where another attempt may succeed
   */
  void check(Configuration hadoop);

  /**
   * Checks the files and loads all weights on a device.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  ImageGenerator load(String device, Configuration hadoop);
}
