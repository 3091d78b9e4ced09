package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ImageConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.executor.AutoSettings;
import io.sparkdiffusion.spark.executor.GenerateImages;
import io.sparkdiffusion.spark.executor.GenerationCounters;
import io.sparkdiffusion.spark.executor.GenerationRun;
import io.sparkdiffusion.spark.executor.Preflight;
import io.sparkdiffusion.spark.executor.SparkRelease;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.plan.PlanImages;
import io.sparkdiffusion.spark.table.InputFiles;
import io.sparkdiffusion.spark.table.MissingFileSystems;
import io.sparkdiffusion.spark.table.PromptTable;
import io.sparkdiffusion.spark.table.ReadColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReadable;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Draws each row's prompt with Stable Diffusion 2. All columns are kept; {@code outputCol} is added
 * as a struct of {@code bytes} (a PNG file), {@code status} ({@code generated} or {@code failed}),
 * {@code error} and every parameter that made the image.
 *
 * <p>Rows are read as the job reads its table: columns {@code seed}, {@code num_inference_steps},
 * {@code guidance_scale}, {@code guidance_rescale}, {@code height}, {@code width}, {@code
 * num_images}, {@code scheduler} and {@code eta} win over the parameters of the same names where
 * they are there and not null. A bad row gives a failed image with its reason; a row that asks for
 * several images is there once for each. Bytes are those of the job for the same id, seed and
 * parameters, whatever the partitioning.
 *
 * <p>Images are drawn when rows are asked for, and again by each action: write them or persist
 * them. A table should have several partitions for each task slot; rows come in any order.
 */
public final class TextToImage extends Transformer implements DefaultParamsWritable {

  private static final long serialVersionUID = 1L;

  private final String uid;
  private final ImageParams params;

  /** A transformer with the usual values, for a model that is still to be set. */
  public TextToImage() {
    this(newUid());
  }

  private static String newUid() {
    SparkRelease.require();
    return Identifiable$.MODULE$.randomUID("TextToImage");
  }

  /** The same with a name of its own, as Spark restores it. */
  public TextToImage(String uid) {
    SparkRelease.require();
    this.uid = uid;
    this.params = new ImageParams(this);
    params.usual().forEach((name, value) -> setDefault(getParam(name), value));
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public Param<?>[] params() {
    return params.sorted();
  }

  /** Reads what {@link #write()} has written. */
  public static MLReader<TextToImage> read() {
    return new Reader().read();
  }

  /** Reads what {@link #save(String)} has written. */
  public static TextToImage load(String path) {
    return read().load(path);
  }

  @Override
  public TextToImage copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /**
   * The schema with the column of images; neither the model nor a row is read.
   *
   * @throws ProblemsException with every parameter and column that is of no use
   */
  @Override
  public StructType transformSchema(StructType schema) {
    Problems problems = new Problems();
    problems.check(this::config);
    problems.check(() -> read(schema));
    problems.check(() -> checkOutput(schema));
    problems.throwIfAny();
    return schema.add(text(ImageParams.OUTPUT_COL), ImageColumn.type(), false);
  }

  private void checkOutput(StructType schema) {
    String output = text(ImageParams.OUTPUT_COL);
    if (Arrays.stream(schema.fieldNames()).anyMatch(output::equalsIgnoreCase)) {
      throw new ProblemsException(
          "Cannot add column %s: the table must not have it yet, outputCol names another (%s)"
              .formatted(output, String.join(", ", schema.fieldNames())));
    }
  }

  /**
   * The rows with their images, which are drawn where and when the rows are used. The model is
   * opened on the driver, and fetched where it lies elsewhere; a short Spark job lets the executors
   * do the same and choose their devices. No row is read.
   *
   * @throws ProblemsException with everything that is wrong with parameters, columns or the model
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    ImageConfig config = config();
    SparkSession spark = dataset.sparkSession();
    SerializableConfiguration hadoop =
        new SerializableConfiguration(spark.sessionState().newHadoopConf());
    MissingFileSystems.refuse(config.model(), "modelUrl", hadoop.value());
    Model opened =
        Model.open(
            config.model(),
            config.execution(),
            config.sampling().get(Parameters.SCHEDULER),
            hadoop.value());
    ExecutionConfig execution =
        AutoSettings.settle(spark.sparkContext(), opened.generators(), config.execution());
    Model model = opened.settled(execution);
    Preflight.checkDriver(spark.sparkContext(), model, execution);
    Models models = Models.of(model);
    Preflight.warn(models, config.sampling());
    PromptTable table = PromptTable.of(dataset, read(dataset.schema()));
    Preflight.requireInputs(model, config.sampling(), table.columns());
    GenerationRun run = new GenerationRun(uid, models, execution, store());
    Preflight.checkExecutors(spark.sparkContext(), run, hadoop);
    PlanImages plan =
        PlanImages.of(
            table.columns(),
            config.sampling(),
            execution,
            models,
            InputFiles.ofWorkingFolder(hadoop.value()));
    GenerateImages images =
        new GenerateImages(
            run,
            BatchSizes.of(execution.perDeviceBatchSize()),
            GenerationCounters.register(spark.sparkContext()),
            hadoop);
    Dataset<Row> results =
        table
            .rows()
            .mapPartitions(
                new DrawRows(plan, images),
                Encoders.row(table.columns().appendedTo(ResultColumns.SCHEMA)));
    return ImageColumn.beside(dataset.schema(), results, text(ImageParams.OUTPUT_COL));
  }

  private ImageStore store() {
    return ImageStore.inRows(
        (Boolean) value(ImageParams.PNG_PARAMETERS), (Boolean) value(ImageParams.PNG_AI_MARK));
  }

  private ImageConfig config() {
    return params.config(this::value);
  }

  /** A column that a program has named must be there; others are read where they are. */
  private ReadColumns read(StructType schema) {
    List<String> needed = new ArrayList<>(List.of("prompt"));
    if (isSet(getParam(ImageParams.ID_COL))) {
      needed.add("id");
    }
    if (isSet(getParam(ImageParams.NEGATIVE_PROMPT_COL))) {
      needed.add("negative_prompt");
    }
    Map<String, String> names =
        Map.of(
            "prompt", text(ImageParams.INPUT_COL),
            "id", text(ImageParams.ID_COL),
            "negative_prompt", text(ImageParams.NEGATIVE_PROMPT_COL));
    refuseLoras(schema);
    return ReadColumns.find(schema, names, needed);
  }

  /** Their files are found before a row is read, which is not before the images are asked for. */
  private static void refuseLoras(StructType schema) {
    String column = Parameters.LORAS.name();
    if (Arrays.asList(schema.fieldNames()).contains(column)) {
      throw new ProblemsException(
          "Cannot read column %s: a transformer has one set of LoRAs for all rows, setLoras names it; drop or rename the column, or let jobs/generate read it (%s)"
              .formatted(column, schema.apply(column).dataType().simpleString()));
    }
  }

  private Object value(String name) {
    return isDefined(getParam(name)) ? getOrDefault(getParam(name)) : null;
  }

  private String text(String name) {
    return (String) value(name);
  }

  /** Sets a parameter to what a text says, as SQL has it. */
  void set(String name, String text) {
    with(name, params.parsed(name, text));
  }

  private TextToImage with(String name, Object value) {
    set(getParam(name), value);
    return this;
  }

  /** The column of prompts, {@code prompt} by default. */
  public TextToImage setInputCol(String value) {
    return with(ImageParams.INPUT_COL, value);
  }

  /** The column of images, {@code image} by default; it must not be there yet. */
  public TextToImage setOutputCol(String value) {
    return with(ImageParams.OUTPUT_COL, value);
  }

  /** The column of ids, {@code id} by default; without one, the prompt's SHA-256 is the id. */
  public TextToImage setIdCol(String value) {
    return with(ImageParams.ID_COL, value);
  }

  /** The column of what to avoid, {@code negative_prompt} by default. */
  public TextToImage setNegativePromptCol(String value) {
    return with(ImageParams.NEGATIVE_PROMPT_COL, value);
  }

  /** The model: a local folder, any path that Hadoop can read, or a hub id. */
  public TextToImage setModelUrl(String value) {
    return with(ImageParams.MODEL_URL, value);
  }

  /** The branch, tag or commit of a hub id. */
  public TextToImage setRevision(String value) {
    return with("revision", value);
  }

  /** Whether the weights are PyTorch's, in safetensors, and not Flax's. */
  public TextToImage setFromPt(boolean value) {
    return with("from_pt", value);
  }

  /** Which of several weights that lie beside each other, as {@code fp16}. */
  public TextToImage setVariant(String value) {
    return with("variant", value);
  }

  /** LoRA files {@code PATH[:WEIGHT]}, with commas, that are added to the model's weights. */
  public TextToImage setLoras(String value) {
    return with("loras", value);
  }

  /** Files of textual inversion {@code PATH[:TOKEN]}, with commas. */
  public TextToImage setEmbeddings(String value) {
    return with("embeddings", value);
  }

  /**
   * ControlNets {@code FOLDER[:WEIGHT]} with commas: local, any Hadoop path, or a hub's {@code
   * ORG/NAME[@REVISION]}.
   */
  public TextToImage setControlnets(String value) {
    return with("controlnets", value);
  }

  /** The digest that the model must have. */
  public TextToImage setModelDigest(String value) {
    return with("model_digest", value);
  }

  /** The local folder for copies of models from elsewhere. */
  public TextToImage setModelCacheDir(String value) {
    return with("model_cache_dir", value);
  }

  /** A mapping in YAML or JSON that wins over the model's scheduler configuration. */
  public TextToImage setDiffusionSchedulerConfig(String value) {
    return with("diffusion_scheduler_config", value);
  }

  /** What to avoid, for rows that do not say it. */
  public TextToImage setNegativePrompt(String value) {
    return with("negative_prompt", value);
  }

  /** What brackets in texts mean: {@code plain} or {@code a1111}, which also reads long texts. */
  public TextToImage setPromptSyntax(String value) {
    return with("prompt_syntax", value);
  }

  /** How many of the text encoder's last layers the prompt leaves out. */
  public TextToImage setClipSkip(int value) {
    return with("clip_skip", value);
  }

  /** Rows without a seed derive theirs from this one and their id. */
  public TextToImage setSeed(long value) {
    return with("seed", value);
  }

  /** Images for each row; each gives a row. */
  public TextToImage setNumImages(int value) {
    return with("num_images", value);
  }

  /** Denoising steps, 1 to 1000. */
  public TextToImage setNumInferenceSteps(int value) {
    return with("num_inference_steps", value);
  }

  /** Strength of classifier-free guidance; at most 1 is without guidance. */
  public TextToImage setGuidanceScale(double value) {
    return with("guidance_scale", value);
  }

  /** Share of the rescaled guidance, 0 to 1. */
  public TextToImage setGuidanceRescale(double value) {
    return with("guidance_rescale", value);
  }

  /** Pixels, a multiple of 8. */
  public TextToImage setHeight(int value) {
    return with("height", value);
  }

  /** Pixels, a multiple of 8. */
  public TextToImage setWidth(int value) {
    return with("width", value);
  }

  /** The sampler, {@code ddim}. */
  public TextToImage setScheduler(String value) {
    return with("scheduler", value);
  }

  /** Share of noise in each DDIM step, 0 to 1. */
  public TextToImage setEta(double value) {
    return with("eta", value);
  }

  /** Large images in tiles: {@code auto}, {@code on}, {@code off}. */
  public TextToImage setVaeTiling(String value) {
    return with("vae_tiling", value);
  }

  /** The image file that is drawn over; a column of this name has one for each row. */
  public TextToImage setInitImage(String value) {
    return with("init_image", value);
  }

  /** What the file of that image must be. */
  public TextToImage setInitImageSha256(String value) {
    return with("init_image_sha256", value);
  }

  /** The image file that says where that image is painted anew; a column has one for each row. */
  public TextToImage setMaskImage(String value) {
    return with("mask_image", value);
  }

  /** What the file of the mask must be. */
  public TextToImage setMaskImageSha256(String value) {
    return with("mask_image_sha256", value);
  }

  /** The image file of that image's depth for a depth model; a column has one for each row. */
  public TextToImage setDepthImage(String value) {
    return with("depth_image", value);
  }

  /** What the file of the depth must be. */
  public TextToImage setDepthImageSha256(String value) {
    return with("depth_image_sha256", value);
  }

  /** How those images come to another size: {@code exact}, {@code resize}, {@code crop}. */
  public TextToImage setInitImageFit(String value) {
    return with("init_image_fit", value);
  }

  /** How much of that image is drawn anew, 0 to 1. */
  public TextToImage setStrength(double value) {
    return with("strength", value);
  }

  /** With an upscaling model: how much noise goes over that image, 0 to 350. */
  public TextToImage setNoiseLevel(int value) {
    return with("noise_level", value);
  }

  /** The file of the image that the first ControlNet looks at, for rows without one. */
  public TextToImage setControlImage(String value) {
    return with("control_image", value);
  }

  /** The SHA-256 that the file must have. */
  public TextToImage setControlImageSha256(String value) {
    return with("control_image_sha256", value);
  }

  /** The file of the image that the second ControlNet looks at, for rows without one. */
  public TextToImage setControlImage2(String value) {
    return with("control_image_2", value);
  }

  /** The SHA-256 that the file must have. */
  public TextToImage setControlImage2Sha256(String value) {
    return with("control_image_2_sha256", value);
  }

  /** The file of the image that the third ControlNet looks at, for rows without one. */
  public TextToImage setControlImage3(String value) {
    return with("control_image_3", value);
  }

  /** The SHA-256 that the file must have. */
  public TextToImage setControlImage3Sha256(String value) {
    return with("control_image_3_sha256", value);
  }

  /** What is made of control images first: {@code none} or {@code canny}, for all or for each. */
  public TextToImage setControlPreprocessor(String value) {
    return with("control_preprocessor", value);
  }

  /** How much ControlNets have to say. */
  public TextToImage setControlnetConditioningScale(double value) {
    return with("controlnet_conditioning_scale", value);
  }

  /** The share of the steps before which ControlNets say nothing. */
  public TextToImage setControlGuidanceStart(double value) {
    return with("control_guidance_start", value);
  }

  /** The share of the steps after which ControlNets say nothing. */
  public TextToImage setControlGuidanceEnd(double value) {
    return with("control_guidance_end", value);
  }

  /** {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}. */
  public TextToImage setDevice(String value) {
    return with("device", value);
  }

  /** The folder of a PyTorch on each executor, with CUDA for GPUs. */
  public TextToImage setLibtorchPath(String value) {
    return with("libtorch_path", value);
  }

  /** {@code float32}, {@code bfloat16} or, on a GPU, {@code float16}. */
  public TextToImage setDtype(String value) {
    return with("dtype", value);
  }

  /** Images in a batch on a GPU; every batch is padded to it. */
  public TextToImage setBatchSize(int value) {
    return with(ImageParams.BATCH_SIZE, value);
  }

  /** Whether PNG files hold prompts and parameters. */
  public TextToImage setPngParameters(boolean value) {
    return with(ImageParams.PNG_PARAMETERS, value);
  }

  /** Whether PNG files are marked as made by a model. */
  public TextToImage setPngAiMark(boolean value) {
    return with(ImageParams.PNG_AI_MARK, value);
  }

  private static final class Reader implements DefaultParamsReadable<TextToImage> {
    private static final long serialVersionUID = 1L;
  }
}
