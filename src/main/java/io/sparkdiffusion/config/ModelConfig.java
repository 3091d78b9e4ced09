package io.sparkdiffusion.config;

import io.sparkdiffusion.sampler.SchedulerConfig;
import java.io.Serializable;
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
 * @param loras what is added to the weights
 * @param embeddings what joins the text encoder's tokens
 * @param controlNets what steers the UNet
 */
public record ModelConfig(
    String folder,
    String revision,
    WeightChoice weights,
    String digest,
    String cacheDirectory,
    Map<String, Object> schedulerOverrides,
    AccessToken accessToken,
    LoraConfig loras,
    EmbeddingConfig embeddings,
    ControlNetFolders controlNets)
    implements Serializable {

  /** A model alone. */
  public ModelConfig(
      String folder,
      String revision,
      WeightChoice weights,
      String digest,
      String cacheDirectory,
      Map<String, Object> schedulerOverrides,
      AccessToken accessToken) {
    this(
        folder,
        revision,
        weights,
        digest,
        cacheDirectory,
        schedulerOverrides,
        accessToken,
        LoraConfig.NONE,
        EmbeddingConfig.NONE,
        ControlNetFolders.NONE);
  }

  /** The same model with other LoRAs. */
  public ModelConfig withLoras(LoraConfig others) {
    return new ModelConfig(
        folder,
        revision,
        weights,
        digest,
        cacheDirectory,
        schedulerOverrides,
        accessToken,
        others,
        embeddings,
        controlNets);
  }

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
      if (!SchedulerConfig.KEYS.contains(override)) {
        problems.add(
            "Cannot use diffusion_scheduler_config: it has no key '%s' (nearest: %s)"
                .formatted(Shown.text(override), Nearest.to(override, SchedulerConfig.KEYS)));
      }
    }
    problems.throwIfAny();
    schedulerOverrides = Map.copyOf(schedulerOverrides);
  }
}
