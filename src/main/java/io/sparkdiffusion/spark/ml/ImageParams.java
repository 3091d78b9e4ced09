package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ImageConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.Identifiable;

/**
 * The parameters of {@link TextToImage}. Those that are settings of the job too have its rules and
 * its usual values.
 */
final class ImageParams implements Serializable {

  private static final long serialVersionUID = 1L;

  static final String INPUT_COL = "inputCol";
  static final String OUTPUT_COL = "outputCol";
  static final String ID_COL = "idCol";
  static final String NEGATIVE_PROMPT_COL = "negativePromptCol";
  static final String MODEL_URL = "modelUrl";
  static final String BATCH_SIZE = "batchSize";
  static final String PNG_PARAMETERS = "png_parameters";
  static final String PNG_AI_MARK = "png_ai_mark";

  private static final String MODEL = "pretrained_model_name_or_path";
  private static final ExecutionConfig USUAL =
      ImageConfig.of(Map.of(MODEL, "any"), "defaults").execution();

  private final Identifiable owner;
  private final Map<String, Param<?>> byName = new LinkedHashMap<>();
  private final Map<String, Object> usual = new HashMap<>();
  private final Map<String, String> bySetting = new LinkedHashMap<>();

  ImageParams(Identifiable owner) {
    this.owner = owner;
    addColumns();
    addModel();
    addParameters();
    addExecution(USUAL);
  }

  private void addColumns() {
    add(text(INPUT_COL, "column of prompts"), "prompt");
    add(text(OUTPUT_COL, "column of images, which is added"), "image");
    add(text(ID_COL, "column of ids; without one, the prompt's SHA-256 is the id"), "id");
    add(text(NEGATIVE_PROMPT_COL, "column of what to avoid, where it is there"), "negative_prompt");
  }

  private void addModel() {
    Param<String> model = text(MODEL_URL, "model: local folder, any Hadoop path or hub id");
    byName.put(model.name(), model);
    bySetting.put(MODEL, model.name());
    setting(text("revision", "branch, tag or commit of a hub id; empty: main"), "");
    setting(new BooleanParam(owner, "from_pt", "PyTorch's weights; false: Flax's"), true);
    setting(text("variant", "which of several weights, as fp16 or non_ema; empty: the usual"), "");
    setting(text("loras", "LoRA files PATH[:WEIGHT], with commas, added to the weights"), "");
    setting(text("embeddings", "textual inversion: files PATH[:TOKEN], with commas"), "");
    setting(
        text(
            "controlnets",
            "ControlNets FOLDER[:WEIGHT] with commas: local, any Hadoop path, or a hub's ORG/NAME[@REVISION]"),
        "");
    setting(text("model_digest", "digest that the model must have; empty: any"), "");
    setting(text("model_cache_dir", "local folder of models' copies; empty: the usual"), "");
    setting(
        text("diffusion_scheduler_config", "mapping that wins over the model's, YAML or JSON"), "");
  }

  /** Those that the job's configuration says for rows that do not. */
  private void addParameters() {
    for (Parameter<?> parameter : Parameters.OF_BOTH) {
      setting(param(parameter), parameter.usual().orElseThrow());
    }
  }

  private Param<?> param(Parameter<?> parameter) {
    String name = parameter.name();
    String doc = parameter.forPrograms();
    return switch (parameter.type()) {
      case TEXT -> text(name, doc);
      case INTEGER -> integer(name, doc);
      case LONG -> new LongParam(owner, name, doc);
      case NUMBER -> new DoubleParam(owner, name, doc);
      case EMBEDS -> throw new IllegalStateException("only rows have embeddings");
    };
  }

  private void addExecution(ExecutionConfig of) {
    setting(text("device", "auto, cpu, cuda or cuda:N"), of.device());
    setting(
        text("libtorch_path", "folder of a PyTorch on each executor, for GPUs; empty: the job's"),
        of.libtorchPath());
    setting(
        text("dtype", "number format: float32, bfloat16, float16 (GPU only); auto: by the device"),
        of.askedDtype().label(),
        "weights_dtype",
        "activations_dtype");
    IntParam batchSize =
        integer(
            BATCH_SIZE, "images in a batch on a GPU, which is padded to it; not set: by memory");
    byName.put(batchSize.name(), batchSize);
    bySetting.put("per_device_batch_size", batchSize.name());
    add(new BooleanParam(owner, PNG_PARAMETERS, "write prompts and parameters into PNGs"), true);
    add(new BooleanParam(owner, PNG_AI_MARK, "mark PNGs as made by a model"), true);
  }

  private Param<String> text(String name, String doc) {
    return new Param<>(owner, name, doc);
  }

  private IntParam integer(String name, String doc) {
    return new IntParam(owner, name, doc);
  }

  private void add(Param<?> param, Object value) {
    byName.put(param.name(), param);
    usual.put(param.name(), value);
  }

  private void setting(Param<?> param, Object value) {
    setting(param, value, param.name());
  }

  /** A parameter that stands for settings of the job. */
  private void setting(Param<?> param, Object value, String... settings) {
    add(param, value);
    for (String setting : settings) {
      bySetting.put(setting, param.name());
    }
  }

  /**
   * What a text says a parameter is.
   *
   * @throws ProblemsException where there is no such parameter, or it has another type
   */
  Object parsed(String name, String text) {
    Param<?> param = byName.get(name);
    if (param == null) {
      throw new ProblemsException(
          "Cannot set %s: it must be one of %s (no parameter)"
              .formatted(Shown.text(name), String.join(", ", new TreeSet<>(byName.keySet()))));
    }
    try {
      return parsed(param, text);
    } catch (IllegalArgumentException e) {
      throw new ProblemsException(
          "Cannot set %s: it must be %s (%s)".formatted(name, param.doc(), Shown.text(text)), e);
    }
  }

  private static Object parsed(Param<?> param, String text) {
    if (param instanceof IntParam) {
      return Integer.valueOf(text);
    }
    if (param instanceof LongParam) {
      return Long.valueOf(text);
    }
    if (param instanceof DoubleParam) {
      return Double.valueOf(text);
    }
    if (!(param instanceof BooleanParam)) {
      return text;
    }
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException(text);
    }
    return text.equals("true");
  }

  /** By name, as Spark has them. */
  Param<?>[] sorted() {
    return byName.keySet().stream().sorted().map(byName::get).toArray(Param<?>[]::new);
  }

  /** The usual values by name; the model has none. */
  Map<String, Object> usual() {
    return usual;
  }

  /**
   * The settings that the parameters stand for.
   *
   * @param value of a parameter, by its name; null where it has none
   * @throws ProblemsException with every problem found, which names parameters
   */
  ImageConfig config(Function<String, Object> value) {
    Map<String, String> settings = new HashMap<>();
    bySetting.forEach(
        (setting, name) -> {
          Object given = value.apply(name);
          if (given != null) {
            settings.put(setting, given.toString());
          }
        });
    try {
      return ImageConfig.of(settings, owner.uid());
    } catch (ProblemsException e) {
      throw e.renamed(bySetting);
    }
  }
}
