package io.sparkdiffusion.spark.ml;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.raise_error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.ml.feature.Tokenizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The transformer with the real networks, small. */
class TextToImageTest {

  private static final String SECRET = "a heron that stays unsaid";

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  /** The same rows in a table with other names, in one partition and in five. */
  @Test
  void givesTheBytesOfTheJobUnderAnyPartitioning() throws IOException {
    String rows =
        """
        key,text,seed,guidance_scale,num_images,avoid
        a,a red fox,7,,2,
        b,an owl,,1,,
        c,%s,,5,,rain
        d,a hare,,,,
        """
            .formatted(SECRET);
    Map<String, String> job = job(rows);
    assertThat(job).hasSize(5);

    Path table = Files.writeString(folder.resolve("own.csv"), rows);
    Dataset<Row> own = spark.read().option("header", true).csv(table.toString());
    TextToImage drawing =
        small()
            .setInputCol("text")
            .setIdCol("key")
            .setNegativePromptCol("avoid")
            .setOutputCol("drawn")
            .setNegativePrompt("blur of " + SECRET);
    for (int partitions : List.of(1, 5)) {
      List<Row> images = drawing.transform(own.repartition(partitions)).collectAsList();
      assertThat(digests(images)).as("%d partitions", partitions).isEqualTo(job);
    }
    assertThat(LocalSpark.eventText())
        .contains("SparkListenerSQLExecutionStart")
        .doesNotContain(SECRET);
  }

  private Map<String, String> job(String rows) throws IOException {
    Path table = folder.resolve("prompts.csv");
    Files.writeString(
        table, rows.replaceFirst("key,text", "id,prompt").replaceFirst("avoid", "negative_prompt"));
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    List<String> settings =
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
            "prompts=" + table,
            "output_dir=" + folder.resolve("out"),
            "negative_prompt=blur of " + SECRET,
            "seed=3",
            "num_inference_steps=2",
            "resolution=64",
            "device=cpu",
            "per_device_batch_size=2");
    new GenerateJob(spark, JobConfig.load(config, settings)).execute();
    return spark.read().parquet(folder.resolve("out/rows").toString()).collectAsList().stream()
        .collect(
            Collectors.toMap(
                row -> row.getAs("id") + " " + row.getAs("image_index"),
                row -> row.getAs("sha256")));
  }

  /** What the bytes are, not only what the row says of them. */
  private static Map<String, String> digests(List<Row> images) {
    Map<String, String> digests = new TreeMap<>();
    for (Row row : images) {
      Row image = row.getAs("drawn");
      String name = row.getAs("key") + " " + image.getAs("image_index");
      digests.put(name, Sha256.of(image.<byte[]>getAs("bytes")));
      assertThat(image.<String>getAs("sha256")).isEqualTo(digests.get(name));
    }
    return digests;
  }

  @Test
  void givesABadRowAFailedImageAndKeepsItsColumns() {
    Dataset<Row> own =
        spark.sql(
            """
            select * from values
              ('a', 'fox', 64, 1.5f), (null, 'owl', 64, 2.5f), ('c', null, 64, 3.5f),
              ('d', 'hare', 9, 4.5f) as (id, prompt, height, weight)
            """);
    List<Row> rows = small().transform(own).orderBy("weight").collectAsList();
    assertThat(rows)
        .extracting(row -> row.<Float>getAs("weight"))
        .containsExactly(1.5f, 2.5f, 3.5f, 4.5f);
    assertThat(rows)
        .extracting(row -> row.<String>getAs("id"))
        .containsExactly("a", null, "c", "d");
    assertThat(rows)
        .extracting(row -> row.<Row>getAs("image"))
        .extracting(image -> image.getAs("status") + ": " + image.getAs("error"))
        .containsExactly(
            "generated: null",
            "failed: Cannot use id: it must not be null or blank (null)",
            "failed: Cannot use prompt: it must not be null (null)",
            "failed: Cannot use height: it must be a multiple of 8 from 8 to 4096 (9)");
    assertThat(rows.subList(1, 4))
        .extracting(row -> row.<Row>getAs("image").getAs("bytes"))
        .containsOnlyNulls();
  }

  @Test
  void refusesRowsWithLorasOfTheirOwn() {
    StructType schema =
        new StructType().add("prompt", DataTypes.StringType).add("loras", DataTypes.StringType);
    assertThatThrownBy(() -> small().transformSchema(schema))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot read column loras: a transformer has one set of LoRAs for all rows, setLoras names it; drop or rename the column, or let jobs/generate read it (string)");
  }

  @Test
  void worksInAPipelineThatIsSavedAndLoaded() throws IOException {
    Dataset<Row> prompts = spark.sql("select * from values ('a red fox'), ('an owl') as (prompt)");
    TextToImage drawing = small().setGuidanceScale(4).setNumImages(2).setDtype("bfloat16");
    Tokenizer words = new Tokenizer().setInputCol("prompt").setOutputCol("words");
    HashingTF features = new HashingTF().setInputCol("words").setOutputCol("features");
    PipelineModel model =
        new Pipeline().setStages(new PipelineStage[] {words, features, drawing}).fit(prompts);
    String path = folder.resolve("pipeline").toString();
    model.write().save(path);
    PipelineModel loaded = PipelineModel.load(path);
    TextToImage again = (TextToImage) loaded.stages()[2];

    assertThat(again.uid()).isEqualTo(drawing.uid());
    assertThat(again.extractParamMap().toSeq().toSet())
        .isEqualTo(drawing.extractParamMap().toSeq().toSet());
    Dataset<Row> images = loaded.transform(prompts);
    Dataset<Row> before = features.transform(words.transform(prompts));
    assertThat(images.schema()).isEqualTo(drawing.transformSchema(before.schema()));
    assertThat(facts(images, "image.image_index", "image.sha256"))
        .hasSize(4)
        .doesNotHaveDuplicates()
        .isEqualTo(facts(model.transform(prompts), "image.image_index", "image.sha256"));
    assertThat(facts(images.filter("image.image_index = 0"), "words", "features"))
        .isEqualTo(facts(before, "words", "features"));
  }

  private static List<Row> facts(Dataset<Row> rows, String... columns) {
    return rows.select("prompt", columns).collectAsList().stream()
        .sorted(Comparator.comparing(Row::toString))
        .toList();
  }

  /** Equal prompts give equal images where there are no ids. */
  @Test
  void takesThePromptsHashForAMissingId() {
    Dataset<Row> prompts = spark.sql("select * from values ('fox'), ('owl'), ('fox') as (prompt)");
    Dataset<Row> named = prompts.withColumn("id", lit(Sha256.of("fox")));
    List<Row> rows = small().transform(prompts).orderBy("prompt").collectAsList();
    assertThat(rows)
        .extracting(row -> row.<Row>getAs("image").<String>getAs("sha256"))
        .satisfies(
            sums -> assertThat(sums.get(0)).isEqualTo(sums.get(1)).isNotEqualTo(sums.get(2)));
    Row fox = small().transform(named.filter("prompt = 'fox'")).first();
    assertThat(fox.<Row>getAs("image").<Long>getAs("seed"))
        .isEqualTo(rows.get(0).<Row>getAs("image").<Long>getAs("seed"));
  }

  @Test
  void readsNoRowUntilOneIsAskedFor() {
    Dataset<Row> broken =
        spark.range(3).select(raise_error(lit("read")).cast(DataTypes.StringType).as("prompt"));
    Dataset<Row> images = small().transform(broken);
    assertThat(images.schema()).isEqualTo(small().transformSchema(broken.schema()));
    assertThatThrownBy(images::collectAsList).hasStackTraceContaining("read");
  }

  /** The number format that a device cannot have is known where the device is. */
  @Test
  void findsBeforeAnyRowWhatTheExecutorsCannotDo() {
    Dataset<Row> prompts = spark.sql("select 'a red fox' as prompt");
    SparkContext context = spark.sparkContext();
    context.setJobGroup("mine", "my own job", true);
    try {
      assertThatThrownBy(() -> small().setDevice("auto").setDtype("float16").transform(prompts))
          .isExactlyInstanceOf(ProblemsException.class)
          .hasMessageContaining("float16 needs a GPU");
      assertThat(context.getLocalProperty("spark.jobGroup.id")).isEqualTo("mine");
      assertThat(context.getLocalProperty("spark.job.description")).isEqualTo("my own job");
      assertThat(context.getLocalProperty("spark.job.interruptOnCancel")).isEqualTo("true");
    } finally {
      context.clearJobGroup();
    }
  }

  @Test
  void namesEveryWrongParameterAndColumnAtOnce() {
    StructType schema =
        new StructType()
            .add("text", DataTypes.BinaryType)
            .add("Image", DataTypes.StringType)
            .add("seed", DataTypes.BooleanType);
    TextToImage wrong =
        new TextToImage()
            .setInputCol("text")
            .setIdCol("key")
            .setHeight(9)
            .setGuidanceRescale(2)
            .setDtype("float8")
            .setBatchSize(0)
            .setDiffusionSchedulerConfig("{timestep_spaceing: trailing}");
    assertThatThrownBy(() -> wrong.transformSchema(schema))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessage(
            """
            Cannot use modelUrl: it must name a model folder (not set)
            Cannot use diffusion_scheduler_config: it has no key 'timestep_spaceing' (nearest: \
            timestep_spacing)
            Cannot use guidance_rescale: it must be 0 to 1 (2.0)
            Cannot use height: it must be a multiple of 8 from 8 to 4096 (9)
            Cannot read dtype: it must be one of auto, float32, bfloat16, float16 (float8)
            Cannot use batchSize: it must be 1 or more, or auto (0)
            Cannot read id from column key: the table must have it (text, Image, seed)
            Cannot read prompt from column text: it must be text (binary)
            Cannot read seed from column seed: it must be a number (boolean)
            Cannot add column image: the table must not have it yet, outputCol names another \
            (text, Image, seed)""");
  }

  @Test
  void hasASetterForEachParameter() {
    TextToImage all =
        new TextToImage()
            .setInputCol("text")
            .setOutputCol("drawn")
            .setIdCol("key")
            .setNegativePromptCol("avoid")
            .setModelUrl("org/name")
            .setRevision("fp16")
            .setFromPt(false)
            .setVariant("fp16")
            .setLoras("ink.safetensors:0.5")
            .setEmbeddings("toy.safetensors:<toy>")
            .setModelDigest("0")
            .setModelCacheDir("/cache")
            .setDiffusionSchedulerConfig("{}")
            .setNegativePrompt("rain")
            .setPromptSyntax("a1111")
            .setClipSkip(1)
            .setSeed(-9)
            .setNumImages(3)
            .setNumInferenceSteps(20)
            .setGuidanceScale(5)
            .setGuidanceRescale(0.7)
            .setHeight(768)
            .setWidth(640)
            .setScheduler("euler")
            .setEta(0.5)
            .setVaeTiling("off")
            .setInitImage("in.png")
            .setInitImageSha256("0")
            .setMaskImage("mask.png")
            .setMaskImageSha256("1")
            .setDepthImage("depth.png")
            .setDepthImageSha256("2")
            .setInitImageFit("crop")
            .setStrength(0.6)
            .setNoiseLevel(30)
            .setControlnets("edges:0.5")
            .setControlImage("edges.png")
            .setControlImageSha256("1")
            .setControlImage2("depth.png")
            .setControlImage2Sha256("2")
            .setControlImage3("pose.png")
            .setControlImage3Sha256("3")
            .setControlPreprocessor("canny")
            .setControlnetConditioningScale(0.9)
            .setControlGuidanceStart(0.1)
            .setControlGuidanceEnd(0.7)
            .setDevice("cuda:1")
            .setLibtorchPath("./gpu-env")
            .setDtype("bfloat16")
            .setBatchSize(8)
            .setPngParameters(false)
            .setPngAiMark(false);
    assertThat(all.params())
        .extracting(param -> param.name() + "=" + all.get(param).get())
        .containsExactly(
            "batchSize=8",
            "clip_skip=1",
            "control_guidance_end=0.7",
            "control_guidance_start=0.1",
            "control_image=edges.png",
            "control_image_2=depth.png",
            "control_image_2_sha256=2",
            "control_image_3=pose.png",
            "control_image_3_sha256=3",
            "control_image_sha256=1",
            "control_preprocessor=canny",
            "controlnet_conditioning_scale=0.9",
            "controlnets=edges:0.5",
            "depth_image=depth.png",
            "depth_image_sha256=2",
            "device=cuda:1",
            "diffusion_scheduler_config={}",
            "dtype=bfloat16",
            "embeddings=toy.safetensors:<toy>",
            "eta=0.5",
            "from_pt=false",
            "guidance_rescale=0.7",
            "guidance_scale=5.0",
            "height=768",
            "idCol=key",
            "init_image=in.png",
            "init_image_fit=crop",
            "init_image_sha256=0",
            "inputCol=text",
            "libtorch_path=./gpu-env",
            "loras=ink.safetensors:0.5",
            "mask_image=mask.png",
            "mask_image_sha256=1",
            "modelUrl=org/name",
            "model_cache_dir=/cache",
            "model_digest=0",
            "negativePromptCol=avoid",
            "negative_prompt=rain",
            "noise_level=30",
            "num_images=3",
            "num_inference_steps=20",
            "outputCol=drawn",
            "png_ai_mark=false",
            "png_parameters=false",
            "prompt_syntax=a1111",
            "revision=fp16",
            "scheduler=euler",
            "seed=-9",
            "strength=0.6",
            "vae_tiling=off",
            "variant=fp16",
            "width=640");
  }

  private TextToImage small() {
    return new TextToImage()
        .setModelUrl(ReferenceModels.folder("base").toString())
        .setSeed(3)
        .setNumInferenceSteps(2)
        .setHeight(64)
        .setWidth(64)
        .setDevice("cpu")
        .setBatchSize(2);
  }
}
