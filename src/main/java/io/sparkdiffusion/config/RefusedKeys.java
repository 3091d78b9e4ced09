package io.sparkdiffusion.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** MaxDiffusion's keys that have no meaning here, with what to use instead. */
final class RefusedKeys {

  private static final String EXECUTORS =
      "Spark spreads the rows over executors, set them with Spark's options after --";
  private static final String KERNELS =
      "kernels follow device and weights_dtype by a table in the source, leave it out";
  private static final String DEVICE = "use device";
  private static final String DTYPES = "use weights_dtype and activations_dtype";
  private static final String COMPILED =
      "libtorch compiles the networks when they are loaded, leave it out";
  private static final String OUTPUT = "use output_dir";
  private static final String MEASURED =
      "run.json in output_dir and Spark's own UI and event log report on a run, leave it out";
  private static final String FOLDER = "it is read from the model folder, leave it out";
  private static final String PROMPTS = "use prompts for a table of prompts";
  private static final String TRAINING = "this project generates and does not train, leave it out";

  private static final Map<String, List<String>> REPLACEMENTS = replacements();

  private RefusedKeys() {}

  /** What to use instead of a key, where it is one of MaxDiffusion's. */
  static Optional<String> replacement(String key) {
    if (key.startsWith("dcn_") || key.startsWith("ici_")) {
      return Optional.of(EXECUTORS);
    }
    return REPLACEMENTS.entrySet().stream()
        .filter(entry -> entry.getValue().contains(key))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static Map<String, List<String>> replacements() {
    Map<String, List<String>> keys = new LinkedHashMap<>();
    keys.put(
        EXECUTORS,
        words(
            "mesh_axes logical_axis_rules data_sharding allow_split_physical_axes"
                + " attention_sharding_uniform skip_jax_distributed_system"));
    keys.put(KERNELS, words("attention flash_block_sizes mask_padding_tokens split_head_dim"));
    keys.put(DEVICE, words("hardware"));
    keys.put(
        DTYPES,
        words("precision quantization quantization_local_shard_count use_qwix_quantization"));
    keys.put(COMPILED, words("jit_initializers jax_cache_dir compile_topology_num_slices"));
    keys.put(OUTPUT, words("base_output_directory"));
    keys.put(
        MEASURED,
        words(
            "metrics_file write_metrics gcs_metrics timing_metrics_file write_timing_metrics"
                + " save_config_to_gcs log_period tensorboard_dir enable_profiler"
                + " skip_first_n_steps_for_profiler profiler_steps enable_mllog"
                + " enable_ml_diagnostics profiler_gcs_path enable_ondemand_xprof"));
    keys.put(FOLDER, words("norm_num_groups"));
    keys.put(
        PROMPTS,
        words(
            "dataset_name dataset_type dataset_config_name dataset_save_location train_data_dir"
                + " hf_data_dir hf_train_files grain_train_files grain_worker_count"
                + " data_files_pattern tfrecords_dir"));
    keys.put(TRAINING, trainingKeys());
    return keys;
  }

  private static List<String> trainingKeys() {
    return words(
        "train_new_unet train_text_encoder text_encoder_learning_rate snr_gamma timestep_bias"
            + " train_split cache_latents_text_encoder_outputs image_column caption_column"
            + " center_crop random_flip tokenize_captions_num_proc transform_images_num_proc"
            + " reuse_example_batch enable_data_shuffling checkpoint_every"
            + " enable_single_replica_ckpt_restoring learning_rate scale_lr max_train_samples"
            + " max_train_steps warmup_steps_fraction learning_rate_schedule_steps adam_b1 adam_b2"
            + " adam_eps adam_weight_decay opt_enable_grad_clipping max_grad_value"
            + " opt_enable_grad_global_norm_clipping max_grad_norm extracted_files_dir"
            + " no_records_per_shard instance_data_dir class_data_dir instance_prompt class_prompt"
            + " prior_loss_weight num_class_images cache_dreambooth_dataset");
  }

  private static List<String> words(String text) {
    return List.of(text.split(" "));
  }
}
