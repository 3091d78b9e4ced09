package io.sparkdiffusion.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.LogTap;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows with LoRAs of their own, with the real networks, small. */
class LoraColumnTest {

  private static final String PEFT = PipelineCase.ADAPTERS.resolve("peft.safetensors").toString();
  private static final String LOCON = PipelineCase.ADAPTERS.resolve("locon.safetensors").toString();
  private static final String OF_JOB = PEFT + ":0.5";

  private static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.StringType)
          .add("prompt", DataTypes.StringType)
          .add("loras", DataTypes.StringType);

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  /** Two rows of each of three sets, which are said in several ways. */
  private static List<Row> rows() {
    return List.of(
        row("a", null),
        row("b", "none"),
        row("c", " " + LOCON + ":1 "),
        row("d", PEFT + ":.50"),
        row("e", "none"),
        row("f", LOCON));
  }

  private static Row row(String id, String loras) {
    return RowFactory.create(id, "a fox by " + id, loras);
  }

  @Test
  void rowsTakeTheirOwnSetsUnderAnyPartitioning() throws IOException {
    List<Row> shuffled = new ArrayList<>(rows());
    Collections.reverse(shuffled);
    Collections.swap(shuffled, 0, 3);
    Map<String, String> one = images("one", table("table1", shuffled, 1));
    assertThat(images("two", table("table2", rows(), 2))).isEqualTo(one);
    assertThat(images("five", table("table5", shuffled, 5))).isEqualTo(one);

    Map<String, String> ofSettings = new TreeMap<>();
    Dataset<Row> plain = table("plain", rows(), 1).drop("loras");
    ofSettings.putAll(images("ofJob", plain.filter("id in ('a', 'd')")));
    ofSettings.putAll(images("none", plain.filter("id in ('b', 'e')"), "loras="));
    ofSettings.putAll(images("locon", plain.filter("id in ('c', 'f')"), "loras=" + LOCON));
    assertThat(one).isEqualTo(ofSettings).hasSize(6);
    assertThat(one.values()).doesNotHaveDuplicates();
  }

  /** What one form has made the other does not make again. */
  @Test
  void eachSetIsLoadedOnceAndToldAndKnownAgain() throws IOException {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Dataset<Row> table = table("table", rows(), 3);
    images("out", table.filter("id in ('a', 'd')").drop("loras"));
    DryRun plan = job("out", table).dryRun();
    GenerateJob.Result made;
    try (LogTap tap = new LogTap(lines)) {
      made = job("out", table).execute();
    }

    assertThat(made.counts().skipped()).isEqualTo(2);
    assertThat(made.counts().generated()).isEqualTo(4);
    assertThat(lines).filteredOn(line -> line.startsWith("Loading the model")).hasSize(2);
    assertThat(String.join("\n", plan.lines()))
        .contains(
            "They are made with 2 sets of LoRAs, each loaded once on every executor that makes its"
                + " images:\n  2: without LoRAs\n  2: "
                + LOCON);
    assertThat(lines)
        .anyMatch(line -> line.matches("4 images to make in .* group, 2 sets of LoRAs, .*"));
    assertThat(StrictJson.object(StrictJson.read(folder.resolve("out/run.json")), "model"))
        .extractingByKey("lora_sets")
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .extracting(set -> (String) ((Map<?, ?>) set).get("loras"))
        .isEqualTo(List.of(OF_JOB, "", LOCON));

    Row drawn = result("out").filter(col("id").equalTo("c")).head();
    assertThat(drawn.<String>getAs("loras")).isEqualTo(LOCON);
    String path = drawn.<Row>getAs("image").getAs("path");
    assertThat(PngTexts.read(Files.readAllBytes(folder.resolve("out").resolve(path))))
        .extractingByKey(PngText.PARAMETERS)
        .asString()
        .startsWith("a fox by c <lora:locon:1>\n")
        .containsPattern("Lora hashes: \"locon: [0-9a-f]{12}\"")
        .doesNotContain("peft", "Loras:");
    assertThat(Files.readString(folder.resolve("out/index.html")))
        .contains(" loras=" + OF_JOB + " ", " loras=" + LOCON + " ");
  }

  @Test
  void aSetThatIsOfNoUseFailsItsRowsAlone() throws IOException {
    Path cut = folder.resolve("cut.safetensors");
    byte[] whole = Files.readAllBytes(Path.of(PEFT));
    Files.write(cut, Arrays.copyOf(whole, whole.length - 9));
    String other = PipelineCase.ADAPTERS.resolve("kohya_sd15.safetensors").toString();
    List<Row> rows =
        List.of(
            row("a", "none"),
            row("b", "/nowhere/b.safetensors"),
            row("c", PEFT + ":1e9"),
            row("d", cut.toString()),
            row("e", "a secret (fox), quietly"),
            row("f", "/a/b.ckpt"),
            row("g", other),
            row("h", "s3a://bucket/b.safetensors"));
    assertThat(job("out", table("table", rows, 2), "num_images=2").execute().counts().generated())
        .isEqualTo(2);

    List<Row> failed = result("out").filter("status = 'failed'").orderBy("id").collectAsList();
    assertThat(failed)
        .extracting(row -> row.<String>getAs("error").replaceFirst("\\(.*", ""))
        .containsExactly(
            "Cannot read /nowhere/b.safetensors: the file must exist ",
            "Cannot use loras: a weight must be a number from -100 to 100 ",
            "Cannot read tensor unet.up_blocks.3.attentions.2.transformer_blocks.0.ff.net.2.lora_B.weight of %s: it must lie inside the file of %s bytes, copy a whole file "
                .formatted(cut, whole.length - 9),
            "Cannot use loras: each must be PATH or PATH:WEIGHT of a .safetensors file, or all of it none ",
            "Cannot use loras: a LoRA must be a safetensors file, a pickle runs code of whoever made it ",
            "Cannot use LoRA %s: it must be for this model, it is for another model "
                .formatted(Path.of(other).toAbsolutePath()),
            "Cannot use loras s3a://bucket/b.safetensors: Spark must have the file system, add it with -- --packages org.apache.hadoop:hadoop-aws:%s "
                .formatted(VersionInfo.getVersion()));
    assertThat(failed)
        .extracting(row -> row.<String>getAs("error"))
        .noneMatch(e -> e.contains("fox"));
  }

  private Dataset<Row> table(String name, List<Row> rows, int partitions) {
    String path = folder.resolve(name).toString();
    spark.createDataFrame(rows, SCHEMA).repartition(partitions).write().parquet(path);
    return spark.read().parquet(path);
  }

  /** The hash and the bytes of each row's image. */
  private Map<String, String> images(String name, Dataset<Row> table, String... settings)
      throws IOException {
    job(name, table, settings).execute();
    Map<String, String> images = new TreeMap<>();
    result(name)
        .filter("status = 'generated'")
        .collectAsList()
        .forEach(
            row ->
                images.put(row.getAs("id"), row.getAs("request_hash") + " " + row.getAs("sha256")));
    return images;
  }

  private Dataset<Row> result(String name) {
    return spark.read().parquet(folder.resolve(name + "/rows").toString());
  }

  private GenerateJob job(String name, Dataset<Row> table, String... more) throws IOException {
    String view = "loras_" + name;
    table.createOrReplaceTempView(view);
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    List<String> settings =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
                "prompts=" + view,
                "loras=" + OF_JOB,
                "seed=1",
                "num_inference_steps=2",
                "resolution=64",
                "device=cpu",
                "output_dir=" + folder.resolve(name)));
    settings.addAll(List.of(more));
    return new GenerateJob(spark, JobConfig.load(config, settings));
  }
}
