package io.sparkdiffusion.config;

import java.util.Collections;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/** A configuration as keys and values again, for logs and reports. */
final class EffectiveSettings {

  private final SortedMap<String, String> shown = new TreeMap<>();

  private EffectiveSettings() {}

  static SortedMap<String, String> of(JobConfig config) {
    EffectiveSettings settings = new EffectiveSettings();
    settings.put("run_name", config.runName());
    settings.putModel(config.model());
    settings.putInput(config.input());
    settings.putSampling(config.sampling());
    settings.putOutput(config.output());
    settings.putExecution(config.execution());
    settings.put("price_per_device_hour", config.price());
    return Collections.unmodifiableSortedMap(settings.shown);
  }

  /** What differs from the defaults, those that follow from other settings too. */
  static SortedMap<String, String> chosen(JobConfig config) {
    SortedMap<String, String> chosen = new TreeMap<>(of(config));
    chosen
        .entrySet()
        .removeIf(setting -> setting.getValue().equals(usual(setting.getKey(), config)));
    return Collections.unmodifiableSortedMap(chosen);
  }

  private static String usual(String key, JobConfig config) {
    SamplingConfig sampling = config.sampling();
    boolean isSquare = sampling.heightPixels() == sampling.widthPixels();
    return switch (key) {
      case "height", "width" -> isSquare ? Long.toString(sampling.heightPixels()) : "";
      case "resolution" -> isSquare ? Settings.BY_KEY.get(key).defaultValue() : "";
      case "num_images" ->
          config.input() instanceof InputConfig.Single
              ? Integer.toString(config.execution().perDeviceBatchSize())
              : "1";
      case "output_dir" -> "output/" + config.runName();
      default -> Settings.BY_KEY.get(key).defaultValue();
    };
  }

  private void putModel(ModelConfig model) {
    put("pretrained_model_name_or_path", model.folder());
    put("model_digest", model.digest());
    put("model_cache_dir", model.cacheDirectory());
    put("revision", model.revision());
    put("from_pt", model.weights().format() == WeightFormat.SAFETENSORS);
    put("variant", model.weights().variant());
    put("unet_checkpoint", "");
    put("hf_access_token", model.accessToken());
    boolean isEmpty = model.schedulerOverrides().isEmpty();
    put(
        "diffusion_scheduler_config",
        isEmpty ? "" : StrictJson.canonical(model.schedulerOverrides()));
  }

  private void putInput(InputConfig input) {
    if (input instanceof InputConfig.Table table) {
      put("prompt", "");
      put("prompts", table.location());
      putTable(table.format(), table.options(), table.columns());
    } else {
      put("prompt", "(set)");
      put("prompts", "");
      putTable(TableFormat.AUTO, TableOptions.NONE, TableColumns.USUAL);
    }
  }

  private void putTable(TableFormat format, TableOptions options, TableColumns columns) {
    boolean isUsual = options.values().isEmpty();
    put("prompts_format", lower(format));
    put("prompts_options", isUsual ? "" : StrictJson.canonical(options.values()));
    put("id_column", columns.id());
    put("prompt_column", columns.prompt());
    put("ignore_columns", String.join(",", columns.ignored()));
  }

  private void putSampling(SamplingConfig sampling) {
    boolean isSquare = sampling.heightPixels() == sampling.widthPixels();
    put("negative_prompt", sampling.negativePrompt().isEmpty() ? "" : "(set)");
    put("seed", sampling.seed());
    put("num_images", sampling.numImages());
    put("num_inference_steps", sampling.numInferenceSteps());
    put("guidance_scale", sampling.guidanceScale());
    put("guidance_rescale", sampling.guidanceRescale());
    put("resolution", isSquare ? sampling.heightPixels() : "");
    put("height", sampling.heightPixels());
    put("width", sampling.widthPixels());
    put("scheduler", sampling.scheduler());
    put("eta", sampling.eta());
  }

  private void putOutput(OutputConfig output) {
    put("output_dir", output.directory());
    put("output_table", output.table());
    put("output_format", lower(output.format()));
    put("overwrite", lower(output.overwrite()));
    put("max_failed_rows", output.maxFailedRows());
    put("commit_group_images", output.commitGroupImages());
    put("output_commit", lower(output.commit()));
    put("png_parameters", output.pngParameters());
    put("png_ai_mark", output.pngAiMark());
    put("gallery", output.gallery());
  }

  private void putExecution(ExecutionConfig execution) {
    put("device", execution.device());
    put("libtorch_path", execution.libtorchPath());
    put("weights_dtype", execution.weightsDtype().label());
    put("activations_dtype", execution.activationsDtype().label());
    put("per_device_batch_size", execution.perDeviceBatchSize());
  }

  private void put(String key, Object value) {
    shown.put(key, value.toString());
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
