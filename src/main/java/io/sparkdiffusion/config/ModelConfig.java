package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.Map;

/**
 * Which model is used.
 *
 * @param folder the local model folder, {@code pretrained_model_name_or_path}
 * @param schedulerOverrides keys that win over the folder's scheduler configuration
 * @param accessTokenGiven whether {@code hf_access_token} was set; the token itself is not kept
 */
public record ModelConfig(
    String folder, Map<String, Object> schedulerOverrides, boolean accessTokenGiven)
    implements Serializable {

  /** Checks the values. */
  public ModelConfig {
    schedulerOverrides = Map.copyOf(schedulerOverrides);
  }
}
