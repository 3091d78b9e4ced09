package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.sampler.Sampler;
import io.sparkdiffusion.sampler.Samplers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns a file and overrides into a {@link JobConfig} and finds all that is wrong with them. */
final class JobConfigLoader {

  private static final List<String> OF_TABLES =
      List.of("prompts_format", "prompts_options", "id_column", "prompt_column", "ignore_columns");

  private final Problems problems = new Problems();
  private final SettingValues values;

  private JobConfigLoader(Map<String, Object> values, String origin, List<String> overrides) {
    GivenValues given = new GivenValues(problems);
    given.addFile(values, origin);
    given.addOverrides(overrides);
    this.values = new SettingValues(given, problems);
  }

  static JobConfig load(Path yaml, List<String> overrides) {
    return load(StrictYaml.readTexts(yaml), yaml.toString(), overrides);
  }

  /** From a text that was read elsewhere. */
  static JobConfig load(String yaml, String name, List<String> overrides) {
    return load(StrictYaml.texts(yaml, name), name, overrides);
  }

  private static JobConfig load(Map<String, Object> values, String name, List<String> overrides) {
    String fileName = name.substring(name.lastIndexOf('/') + 1);
    return new JobConfigLoader(values, name, overrides)
        .load(fileName.replaceFirst("\\.[^.]*$", ""));
  }

  /** What a program sets, without a table and an output. */
  static ImageConfig images(Map<String, String> values, String origin) {
    return new JobConfigLoader(Map.copyOf(values), origin, List.of()).images();
  }

  /** How a table is to be read, without a model and an output. */
  static InputConfig.Table table(String location, List<String> settings) {
    Problems wrong = new Problems();
    for (String setting : settings) {
      String key = setting.replaceFirst("=.*", "").strip();
      boolean isOfTables = !Settings.BY_KEY.containsKey(key) || OF_TABLES.contains(key);
      String rule = "a table is read by " + String.join(", ", OF_TABLES) + " alone";
      wrong.require(isOfTables, key, rule, "another setting");
    }
    wrong.throwIfAny();
    Map<String, Object> named = Map.of("prompts", location);
    JobConfigLoader loader = new JobConfigLoader(named, "command line", settings);
    Optional<InputConfig> table = loader.input();
    loader.problems.throwIfAny();
    return (InputConfig.Table) table.orElseThrow();
  }

  private ImageConfig images() {
    Optional<ModelConfig> model = problems.gather(this::model);
    Optional<Values> sampling = sampling(1);
    if (model.isPresent() && sampling.isPresent()) {
      new GivenImages(model.get().controlNets(), sampling.get(), problems).requireLookedAt();
    }
    Optional<ExecutionConfig> execution = problems.gather(this::execution);
    problems.throwIfAny();
    return new ImageConfig(model.orElseThrow(), sampling.orElseThrow(), execution.orElseThrow());
  }

  private JobConfig load(String fileStem) {
    String runName = textOr("run_name", fileStem);
    problems.require(JobConfig.isRunName(runName), "run_name", JobConfig.RUN_NAME_RULE, runName);
    Optional<ModelConfig> model = problems.gather(this::model);
    Optional<InputConfig> input = input();
    boolean isSingle = input.filter(InputConfig.Single.class::isInstance).isPresent();
    Optional<Values> sampling = sampling(isSingle ? batch() : 1);
    if (model.isPresent() && sampling.isPresent()) {
      GivenImages given = new GivenImages(model.get().controlNets(), sampling.get(), problems);
      given.requireLookedAt();
      if (isSingle) {
        given.requireForOneRow(values.text("prompt"));
      }
    }
    Optional<OutputConfig> output = problems.gather(() -> output(runName));
    Optional<ExecutionConfig> execution = problems.gather(this::execution);
    Optional<DevicePrice> price =
        problems.gather(() -> values.devicePrice("price_per_device_hour"));
    problems.throwIfAny();
    return new JobConfig(
        runName,
        model.orElseThrow(),
        sampling.orElseThrow(),
        input.orElseThrow(),
        output.orElseThrow(),
        execution.orElseThrow(),
        price.orElseThrow());
  }

  private ModelConfig model() {
    return new ModelConfig(
        values.text("pretrained_model_name_or_path"),
        values.text("revision"),
        new WeightChoice(
            values.isTrue("from_pt") ? WeightFormat.SAFETENSORS : WeightFormat.FLAX,
            values.text("variant")),
        values.text("model_digest"),
        values.text("model_cache_dir"),
        schedulerOverrides(),
        new AccessToken(values.text("hf_access_token")),
        loras(),
        embeddings(),
        controlNets());
  }

  private LoraConfig loras() {
    LoraUnmatched unmatched = values.choice("lora_unmatched", LoraUnmatched.class);
    return problems
        .gather(() -> LoraConfig.parse(values.list("loras"), unmatched))
        .orElse(LoraConfig.NONE);
  }

  private EmbeddingConfig embeddings() {
    return problems
        .gather(() -> EmbeddingConfig.parse(values.list("embeddings")))
        .orElse(EmbeddingConfig.NONE);
  }

  private ControlNetFolders controlNets() {
    return problems
        .gather(() -> ControlNetFolders.parse(values.list("controlnets")))
        .orElse(ControlNetFolders.NONE);
  }

  /** MaxDiffusion's names and its empty values, which stand for the checkpoint's. */
  private Map<String, Object> schedulerOverrides() {
    Map<String, Object> overrides = new HashMap<>(values.mapping("diffusion_scheduler_config"));
    overrides.values().removeIf(value -> value == null || value.equals(""));
    Object zeroSnr = overrides.remove("rescale_zero_terminal_snr");
    if (zeroSnr != null) {
      overrides.put("rescale_betas_zero_snr", zeroSnr);
    }
    Object className = overrides.remove("_class_name");
    if (className != null) {
      Optional<String> wanted =
          Samplers.named(values.text("scheduler")).map(Sampler::diffusersClass);
      problems.require(
          wanted.isEmpty() || wanted.get().equals(className.toString().replaceFirst("^Flax", "")),
          "diffusion_scheduler_config",
          "_class_name must be " + wanted.orElse(""),
          className);
    }
    return overrides;
  }

  private Optional<InputConfig> input() {
    String prompt = values.text("prompt");
    String prompts = values.text("prompts");
    TableFormat format = values.choice("prompts_format", TableFormat.class);
    if (prompt.isEmpty() == prompts.isEmpty()) {
      problems.require(
          false,
          "prompt and prompts",
          "one of them must be set, and not the other",
          prompt.isEmpty() ? "neither is" : "both are");
      return Optional.empty();
    }
    return problems.gather(
        () -> prompt.isEmpty() ? table(prompts, format) : new InputConfig.Single(prompt));
  }

  private InputConfig.Table table(String location, TableFormat format) {
    TableOptions options = TableOptions.of(values.mapping("prompts_options"), problems);
    TableColumns columns =
        new TableColumns(
            values.text("id_column"),
            textOr("prompt_column", "prompt"),
            TableColumns.names(values.text("ignore_columns")));
    return new InputConfig.Table(location, format, options, columns);
  }

  /** What rows take; nothing where a value breaks a rule, which is noted. */
  private Optional<Values> sampling(int usualNumImages) {
    int resolution = resolution();
    Values standIns =
        Values.of(
            Parameters.NUM_IMAGES.of(usualNumImages),
            Parameters.HEIGHT.of(resolution),
            Parameters.WIDTH.of(resolution));
    Values sampling = values.parameters(Parameters.OF_BOTH).withDefaults(standIns);
    List<String> broken = sampling.problems(Parameters.OF_BOTH);
    broken.forEach(problems::add);
    return broken.isEmpty() ? Optional.of(sampling) : Optional.empty();
  }

  /** A wrong resolution is named once, not as height and width. */
  private int resolution() {
    int resolution = values.integer(Parameters.RESOLUTION.name());
    Optional<String> problem = Parameters.RESOLUTION.problem(resolution);
    problem.ifPresent(problems::add);
    return problem.isEmpty() ? resolution : Parameters.RESOLUTION.usual().orElseThrow();
  }

  private OutputConfig output(String runName) {
    return new OutputConfig(
        textOr("output_dir", "output/" + runName),
        values.text("output_table"),
        values.choice("output_format", OutputFormat.class),
        values.choice("overwrite", Overwrite.class),
        values.failureLimit("max_failed_rows"),
        values.integer("commit_group_images"),
        values.choice("output_commit", OutputCommit.class),
        values.isTrue("png_parameters"),
        values.isTrue("png_ai_mark"),
        values.isTrue("gallery"));
  }

  private ExecutionConfig execution() {
    return new ExecutionConfig(
        values.text("device"),
        values.choice("weights_dtype", Precision.class),
        values.choice("activations_dtype", Precision.class),
        values.batchSize("per_device_batch_size"),
        values.text("libtorch_path"));
  }

  /** The images that {@code prompt=} gives where nothing else is said. */
  private int batch() {
    return Math.max(1, values.batchSize("per_device_batch_size").orOne());
  }

  private String textOr(String key, String whenEmpty) {
    String text = values.text(key);
    return text.isEmpty() ? whenEmpty : text;
  }
}
