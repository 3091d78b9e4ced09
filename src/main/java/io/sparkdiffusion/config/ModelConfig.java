package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * Which model is used.
 *
 * @param folder {@code pretrained_model_name_or_path}: a local folder, any path that Hadoop can
 *     read, or a hub id
 * @param revision the branch, tag or commit of a hub id, empty for {@code main}
 * @param weights {@code from_pt} and {@code variant}: which of the folder's weights are used
 * @param digest the digest that the model must have, empty for any
 * @param cacheDirectory where each machine keeps copies of models from elsewhere, empty for the
 *     usual place
 * @param schedulerOverrides keys that win over the folder's scheduler configuration
 * @param accessToken {@code hf_access_token}, none for each machine's own
 */
public record ModelConfig(
    String folder,
    String revision,
    WeightChoice weights,
    String digest,
    String cacheDirectory,
    Map<String, Object> schedulerOverrides,
    AccessToken accessToken)
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
    problems.require(
        !folder.isBlank(),
        "pretrained_model_name_or_path",
        "it must name a model folder",
        "not set");
    problems.require(
        digest.matches("([0-9a-f]{64})?"),
        "model_digest",
        "it must be a SHA-256 in lower-case hex, run.json has a model's",
        digest);
    problems.require(
        !cacheDirectory.contains("://"),
        "model_cache_dir",
        "it must be a local folder, weights are mapped",
        cacheDirectory);
    for (String override : schedulerOverrides.keySet()) {
      if (!SCHEDULER_KEYS.contains(override)) {
        problems.add(
            "Cannot use diffusion_scheduler_config: it has no key '%s' (nearest: %s)"
                .formatted(Shown.text(override), Nearest.to(override, SCHEDULER_KEYS)));
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
