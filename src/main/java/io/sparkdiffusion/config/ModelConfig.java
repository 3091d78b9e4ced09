package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.List;
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

  /** What the scheduler takes; it checks the values. */
  private static final List<String> SCHEDULER_KEYS =
      List.of(
          "num_train_timesteps",
          "beta_start",
          "beta_end",
          "beta_schedule",
          "set_alpha_to_one",
          "prediction_type",
          "timestep_spacing",
          "rescale_betas_zero_snr",
          "steps_offset",
          "clip_sample",
          "thresholding");

  /** Checks the values. */
  public ModelConfig {
    Problems problems = new Problems();
    String key = "pretrained_model_name_or_path";
    problems.require(!folder.isBlank(), key, "it must name a local model folder", "not set");
    problems.require(
        !folder.contains("://"), key, "it must be a local folder, weights are mapped", folder);
    for (String override : schedulerOverrides.keySet()) {
      if (!SCHEDULER_KEYS.contains(override)) {
        problems.add(
            "Cannot use diffusion_scheduler_config: it has no key '%s' (nearest: %s)"
                .formatted(override, Nearest.to(override, SCHEDULER_KEYS)));
      }
    }
    problems.throwIfAny();
    schedulerOverrides = Map.copyOf(schedulerOverrides);
  }

  /** The keys of {@code schedulerOverrides}, as diffusers names them. */
  public static List<String> schedulerKeys() {
    return SCHEDULER_KEYS;
  }
}
