package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.sampler.SchedulerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What diffusers, the web UIs and stable-diffusion.cpp call the settings. */
final class Aliases {

  private static final String MERGE = "leave it out, merge it into the model folder first";

  private static final Map<String, String> RIGHT = right();

  private Aliases() {}

  /** What to set, or to do, instead of a key that others have; in any case, with any dashes. */
  static Optional<String> of(String key) {
    String word = plain(key);
    return Optional.ofNullable(RIGHT.get(word))
        .or(
            () ->
                Settings.BY_KEY.containsKey(word) ? Optional.of("set " + word) : Optional.empty());
  }

  /** True for a setting's name or one that others have for it. */
  static boolean isKnown(String key) {
    return of(key).isPresent();
  }

  private static String plain(String key) {
    return key.toLowerCase(Locale.ROOT).replaceFirst("^-+", "").replaceAll("[- ]", "_");
  }

  private static Map<String, String> right() {
    Map<String, String> right = new LinkedHashMap<>();
    Parameters.OF_BOTH.forEach(parameter -> set(right, parameter.name(), parameter.alsoCalled()));
    set(right, "prompt", "text positive positive_prompt caption");
    set(right, "prompts", "input input_file table prompt_file prompts_file from_file csv dataset");
    set(
        right,
        "pretrained_model_name_or_path",
        "model model_id model_path model_dir model_name model_name_or_path pretrained_model ckpt ckpt_name"
            + " ckpt_path checkpoint sd_model_checkpoint diffusion_model base_model");
    set(right, "per_device_batch_size", "batch_size batch train_batch_size");
    set(right, "output_dir", "output out outdir out_dir output_path output_folder save_path");
    set(right, "output_format", "format image_format");
    set(right, "run_name", "name experiment_name filename_prefix");
    set(right, "resolution, or height and width", "size image_size res");
    set(right, "weights_dtype and activations_dtype", "dtype torch_dtype data_type half fp16 bf16");
    set(right, "device", "gpu device_map device_id");
    set(right, "revision", "branch commit");
    set(right, "model_cache_dir", "cache_dir");
    set(right, "hf_access_token", "token hf_token use_auth_token access_token auth_token");
    set(right, "diffusion_scheduler_config", "scheduler_config scheduler_kwargs");
    for (String key : SchedulerConfig.KEYS) {
      right.put(key, "set diffusion_scheduler_config='{%s: ...}'".formatted(key));
    }
    set(right, "loras", "lora lora_path lora_weights lora_model_dir");
    set(
        right,
        "embeddings",
        "embedding textual_inversion textual_inversions ti embd_dir embeddings_dir embedding_path");
    right.put("lora_scale", "set loras=PATH:SCALE");
    set(
        right,
        "controlnets",
        "controlnet controlnet_path controlnet_model controlnet_model_name_or_path control_net");
    put(right, MERGE, "vae vae_path");
    return right;
  }

  private static void set(Map<String, String> right, String key, String aliases) {
    set(right, key, List.of(aliases.split(" ")));
  }

  private static void set(Map<String, String> right, String key, List<String> aliases) {
    aliases.forEach(alias -> right.put(alias, "set " + key));
  }

  private static void put(Map<String, String> right, String fix, String aliases) {
    List.of(aliases.split(" ")).forEach(alias -> right.put(alias, fix));
  }
}
