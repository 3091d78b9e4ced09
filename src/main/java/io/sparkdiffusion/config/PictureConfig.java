package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.Map;

/** What decides pictures and how they are computed, for a program that has a table of its own. */
public record PictureConfig(ModelConfig model, SamplingConfig sampling, ExecutionConfig execution)
    implements Serializable {

  /**
   * Reads settings by the keys of a configuration file; what is not given has its usual value.
   *
   * @param values as they would be written in a file
   * @param origin what problems call their place
   * @throws ProblemsException with every problem found
   */
  public static PictureConfig of(Map<String, String> values, String origin) {
    return JobConfigLoader.pictures(values, origin);
  }
}
