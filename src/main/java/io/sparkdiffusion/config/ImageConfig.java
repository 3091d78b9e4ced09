package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Values;
import java.io.Serializable;
import java.util.Map;

/**
 * What decides images and how they are computed, for a program that has a table of its own.
 *
 * @param sampling what rows take where they have no value of their own
 */
public record ImageConfig(ModelConfig model, Values sampling, ExecutionConfig execution)
    implements Serializable {

  /**
   * Reads settings by the keys of a configuration file; what is not given has its usual value.
   *
   * @param values as they would be written in a file
   * @param origin what problems call their place
   * @throws ProblemsException with every problem found
   */
  public static ImageConfig of(Map<String, String> values, String origin) {
    return JobConfigLoader.images(values, origin);
  }
}
