package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.report.ProgressDisplay;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateJobTest {

  private static final String GROUP = "group=\\d{8}T\\d{9}Z-[0-9a-f]{8}-\\d+";

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;
  private Path output;
  private Path config;
  private Path table;
  private ProgressDisplay display = ProgressDisplay.log();

  @BeforeEach
  void writeInput() throws IOException {
    output = folder.resolve("out");
    config = Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    table =
        Files.writeString(
            folder.resolve("prompts.csv"),
            """
            id,prompt,seed,height,num_images,style
            a,fox,7,16,2,oil
            b,owl,,,,
            c,LONG hare,,,,ink
            bad,cat,many,9,,
            """);
  }

  @Test
  void writesOneRowForEachImage() {
    GenerateJob.Result result = run();
    assertThat(result.stopReason()).isEmpty();
    assertThat(result.counts().total()).isEqualTo(5);
    assertThat(rows().schema().toDDL().replace(" NOT NULL", ""))
        .isEqualTo(
            "id STRING,image_index INT,prompt STRING,negative_prompt STRING,prompt_syntax STRING,clip_skip INT,"
                + "prompt_embeds ARRAY<ARRAY<FLOAT>>,negative_prompt_embeds ARRAY<ARRAY<FLOAT>>,"
                + "seed BIGINT,"
                + "num_inference_steps INT,guidance_scale DOUBLE,guidance_rescale DOUBLE,"
                + "height INT,width INT,scheduler STRING,eta DOUBLE,vae_tiling STRING,"
                + "init_image STRING,init_image_sha256 STRING,mask_image STRING,mask_image_sha256 STRING,"
                + "depth_image STRING,depth_image_sha256 STRING,init_image_fit STRING,strength DOUBLE,noise_level INT,"
                + "control_image STRING,control_image_sha256 STRING,"
                + "control_image_2 STRING,control_image_2_sha256 STRING,"
                + "control_image_3 STRING,control_image_3_sha256 STRING,"
                + "control_preprocessor STRING,controlnet_conditioning_scale DOUBLE,"
                + "control_guidance_start DOUBLE,control_guidance_end DOUBLE,"
                + "loras STRING,"
                + "request_hash STRING,"
                + "replaces STRING,"
                + "token_count INT,negative_token_count INT,lost_text STRING,"
                + "negative_lost_text STRING,image STRUCT<bytes: BINARY, path: STRING>,"
                + "sha256 STRING,inference_seconds DOUBLE,provenance STRING,status STRING,"
                + "error STRING,output_format STRING,run_id STRING,style STRING,group STRING");
    assertThat(
            rows().orderBy("id", "image_index").collectAsList().stream()
                .map(
                    row ->
                        Stream.of("id", "image_index", "seed", "height", "style", "status")
                            .map(name -> String.valueOf(row.<Object>getAs(name)))
                            .toList()))
        .containsExactly(
            List.of("a", "0", "7", "16", "oil", "generated"),
            List.of("a", "1", "8", "16", "oil", "generated"),
            List.of("b", "0", "3760296701", "8", "null", "generated"),
            List.of("bad", "0", "null", "null", "null", "failed"),
            List.of("c", "0", "3188223379", "8", "ink", "generated"));
  }

  @Test
  void keepsImagesInRowsAndFiles() throws IOException {
    run();
    Row first = rows().filter("id = 'a' and image_index = 1").head();
    Row image = first.getAs("image");
    byte[] bytes = image.getAs("bytes");
    String hash = first.getAs("request_hash");
    assertThat(image.<String>getAs("path"))
        .isEqualTo("images/a_1_%s.png".formatted(hash.substring(0, 8)));
    assertThat(output.resolve(image.<String>getAs("path"))).hasBinaryContent(bytes);
    assertThat(names(output)).containsExactlyInAnyOrder("images", "index.html", "rows", "run.json");
    assertThat(names(output.resolve("images"))).hasSize(4);
    assertThat(names(output.resolve("rows"))).isNotEmpty().allMatch(name -> name.matches(GROUP));
  }

  @Test
  void makesNothingTwice() {
    run();
    Dataset<Row> before = rows();
    List<String> first = before.select("sha256").as(Encoders.STRING()).collectAsList();
    RunCounts again = run().counts();
    assertThat(again.generated()).isZero();
    assertThat(again.skipped()).isEqualTo(4);
    assertThat(again.failed()).isEqualTo(1);
    assertThat(rows().select("sha256").as(Encoders.STRING()).collectAsList())
        .containsExactlyInAnyOrderElementsOf(first);
  }

  @Test
  void rowsWithoutASeedTakeTheirsFromTheJobs() {
    run();
    assertThat(run("seed=1").counts().generated()).isEqualTo(2);
  }

  /** Also where it has been changed back, or where an attempt in between has failed. */
  @Test
  void namesTheImageThatAChangedRowReplaces() throws IOException {
    for (String prompt : List.of("owl", "eagle", "owl", "NAN", "hare")) {
      Files.writeString(table, "id,prompt,content\na,fox,x\nb,%s,y\n".formatted(prompt));
      run();
    }
    List<Row> made = rows().filter("id = 'b'").orderBy("run_id").collectAsList();
    String owl = made.get(0).getAs("request_hash");
    String eagle = made.get(1).getAs("request_hash");
    assertThat(made)
        .extracting(row -> row.<String>getAs("replaces"))
        .containsExactly(null, owl, eagle, null, owl);
    assertThat(rows().filter("id = 'a'").select("replaces", "content").collectAsList())
        .containsExactly(RowFactory.create(null, "x"));
    assertThat(rows().filter("content = 'y'").count()).isEqualTo(5);
  }

  @Test
  void makesImagesAnewInAFormThatIsMissing() throws IOException {
    run("output_format=png");
    assertThat(rows().filter("status = 'generated' and image.bytes is null").count()).isEqualTo(4);
    assertThat(run("output_format=png").counts().generated()).isZero();
    assertThat(run("output_format=both").counts().generated()).isEqualTo(4);
    assertThat(run("output_format=parquet").counts().generated()).isZero();
  }

  @Test
  void writesNoFilesForParquetAlone() throws IOException {
    run("output_format=parquet");
    assertThat(names(output))
        .containsExactlyInAnyOrder("index.html", "rows", "run.json", "thumbnails");
    assertThat(rows().filter("image.path is not null").count()).isZero();
  }

  @Test
  void numbersTheImagesOfASinglePrompt() throws IOException {
    GenerateJob.Result result = execute("prompt=fox", "num_images=3", "seed=42");
    assertThat(result.counts().generated()).isEqualTo(3);
    assertThat(names(output))
        .containsExactlyInAnyOrder(
            "image_0.png", "image_1.png", "image_2.png", "index.html", "rows", "run.json");
    assertThat(rows().orderBy("image_index").select("seed").collectAsList())
        .extracting(row -> row.getLong(0))
        .containsExactly(42L, 43L, 44L);
  }

  @Test
  void reportsTheRun() throws IOException {
    GenerateJob.Result result = run();
    JsonNode report = report();
    assertThat(report.at("/run_id").asText()).isEqualTo(result.runId());
    assertThat(report.at("/status").asText()).isEqualTo("done");
    assertThat(report.at("/rows"))
        .hasToString("{\"total\":5,\"generated\":4,\"skipped\":0,\"failed\":1}");
    assertThat(report.at("/failures").size()).isEqualTo(1);
    assertThat(report.at("/warnings/truncated_texts").asInt()).isEqualTo(1);
    assertThat(report.at("/warnings/weights_drawn_as_words").asInt(-1)).isZero();
    assertThat(report.at("/seconds/load").asDouble()).isPositive();
    assertThat(report.at("/seconds/compile").asDouble()).isPositive();
    assertThat(report.at("/seconds/inference").asDouble()).isEqualTo(0.004);
    assertThat(report.at("/model/digest").asText()).isEqualTo("d".repeat(64));
    assertThat(report.at("/versions/spark").asText()).isEqualTo(spark.version());
    assertThat(report.at("/versions/spark_diffusion").asText()).isNotEmpty().doesNotContain("$");
    assertThat(report.at("/configuration/num_inference_steps").asText()).isEqualTo("3");
  }

  /** The fake model loads for 2 s, compiles for 1 s and takes 1 ms for each of four images. */
  @Test
  void tellsWhatTheDevicesTimeHasCostAndWouldCost() throws IOException {
    double seconds = 3.004;
    run("price_per_device_hour=7.2");
    JsonNode report = report();
    assertThat(report.at("/cost/device_hours").asDouble()).isCloseTo(seconds / 3600, within(1e-12));
    assertThat(report.at("/cost/price_per_device_hour").asDouble()).isEqualTo(7.2);
    assertThat(report.at("/cost/total").asDouble()).isCloseTo(seconds * 0.002, within(1e-12));
    assertThat(job("prompts=" + table, "seed=1", "price_per_device_hour=7.2e6").dryRun().lines())
        .endsWith(
            "Time on devices, at the last run's 1.00e+03 images per second: 0.00 hours",
            "Cost of that time at 7200000.0 per device hour: 4.00");

    assertThat(run().counts().skipped()).as("no request has changed").isEqualTo(4);
    assertThat(report().at("/cost").isNull()).isTrue();
  }

  @Test
  void stopsBeforeTheFirstImageWhereTooManyRowsAreBad() throws IOException {
    GenerateJob.Result result = run("max_failed_rows=0");
    assertThat(result.stopReason())
        .contains("Stopped: 1 of 4 rows failed, more than max_failed_rows allows (0)");
    assertThat(report().at("/status").asText()).isEqualTo("stopped");
    assertThat(run("max_failed_rows=1").stopReason()).isEmpty();
  }

  @Test
  void commitsGoodRowsWhereTooManyImagesFail() throws IOException {
    Files.writeString(table, "id,prompt\na,fox\nb,NAN\n");
    GenerateJob.Result result = run("max_failed_rows=10%");
    assertThat(result.stopReason())
        .contains("Stopped: 1 of 2 rows failed, more than max_failed_rows allows (0.1)");
    assertThat(rows().filter("status = 'generated'").count()).isEqualTo(1);
    assertThat(report().at("/failures")).hasToString("{\"Cannot keep image: it holds NaN\":1}");
  }

  @Test
  void leavesNothingHalfDoneWhereTheDeviceFails() throws IOException {
    Files.writeString(table, "id,prompt\na,fox\nb,BOOM\n");
    assertThatThrownBy(this::run)
        .satisfies(
            e -> assertThat(Failures.reason(e)).isEqualTo("Cannot go on: the device is gone"));
    assertThat(output.resolve("rows")).doesNotExist();
    assertThat(output.resolve("_staging")).doesNotExist();
    assertThat(report().at("/status").asText()).isEqualTo("failed");
    assertThat(report().at("/error").asText()).isEqualTo("Cannot go on: the device is gone");
  }

  /** What a task still writes would come back into the folder that is cleaned. */
  @Test
  void cleansOnceTheTasksThatWereUnderwayHaveEnded() throws IOException {
    Files.writeString(table, "id,prompt,num_inference_steps\na,SLOW fox,3\nb,BOOM,2\n");
    try (RunningTasks tasks = RunningTasks.of(spark.sparkContext())) {
      assertThatThrownBy(this::run)
          .satisfies(
              e -> assertThat(Failures.reason(e)).isEqualTo("Cannot go on: the device is gone"));
      assertThat(tasks.awaitEnd(Duration.ZERO)).as("all had ended").isTrue();
    }
    assertThat(output.resolve("_staging")).doesNotExist();
  }

  @Test
  void showsOneProgressOverAllGroups() throws IOException {
    writeRows(48, "");
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    display =
        new ProgressDisplay(0, Duration.ofMillis(10), lines::add, lines::add, System::nanoTime);
    run("commit_group_images=12");
    List<Integer> done = lines.stream().map(GenerateJobTest::imagesDone).toList();
    assertThat(lines).allMatch(line -> line.contains(" of 48 images"));
    assertThat(done).isSorted();
    assertThat(done.get(done.size() - 1)).as("more than one group's 12").isGreaterThan(12);
  }

  private static int imagesDone(String line) {
    return Integer.parseInt(line.substring(0, line.indexOf(' ')));
  }

  /**
   * The first row is the dearest and so among the first; its group is counted with more queries
   * than others, of which some go by meanwhile.
   */
  @Test
  void beginsNoFurtherGroupWhereTooManyImagesHaveFailed() throws IOException {
    writeRows(200, "first,NAN,9\n");
    GenerateJob.Result result = run("commit_group_images=4", "max_failed_rows=0");
    assertThat(result.stopReason())
        .contains("Stopped: 1 of 201 rows failed, more than max_failed_rows allows (0)");
    assertThat(result.counts().failed()).isEqualTo(1);
    assertThat(result.counts().skipped()).isZero();
    assertThat(result.counts().generated()).isBetween(10L, 180L);
    assertThat(rows().filter("status = 'generated'").count())
        .isEqualTo(result.counts().generated());
  }

  @Test
  void countsARowOnceWhoseImagesFailInSeveralGroups() throws IOException {
    Files.writeString(table, "id,prompt,num_images\nmany,NAN,24\none,NAN,1\ngood,fox,1\n");
    GenerateJob.Result allowed = run("commit_group_images=1", "max_failed_rows=2");
    assertThat(rows().filter("id = 'many'").select("group").distinct().count()).isGreaterThan(1);
    assertThat(allowed.stopReason()).isEmpty();
    assertThat(allowed.counts().failed()).as("images").isEqualTo(25);
    assertThat(run("commit_group_images=1", "max_failed_rows=1").stopReason())
        .contains("Stopped: 2 of 3 rows failed, more than max_failed_rows allows (1)");
  }

  /** Before the table is planned: there would be nothing to make. */
  @Test
  void refusesAMissingGpuInLocalMode() throws IOException {
    run();
    assertThatThrownBy(() -> run("device=cuda"))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot use device cuda:0: libtorch must see that GPU");
    assertThat(report().at("/status").asText()).isEqualTo("failed");
  }

  @Test
  void asksTheExecutorsBeforeTheFirstImageAndOnlyWhereThereIsOneToMake() throws IOException {
    String problem = "Cannot load the model: every executor must have the driver's (x)";
    Model other = FakeModel.withProblem(folder.toString(), problem);
    run();
    int loads = FakeModel.loads(folder.toString());

    assertThat(job("prompts=" + table).models(any -> other).execute().counts().skipped())
        .isEqualTo(4);
    assertThatThrownBy(() -> job("prompts=" + table, "seed=1").models(any -> other).execute())
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessage(problem);
    assertThat(FakeModel.loads(folder.toString())).isEqualTo(loads);
    assertThat(report().at("/error").asText()).isEqualTo(problem);
  }

  private void writeRows(int count, String another) throws IOException {
    String rows =
        IntStream.range(0, count)
            .mapToObj(i -> "row" + i + ",fox " + i + ",3\n")
            .collect(joining());
    Files.writeString(table, "id,prompt,num_inference_steps\n" + rows + another);
  }

  private GenerateJob.Result run(String... overrides) {
    return execute(
        Stream.concat(Stream.of("prompts=" + table), Stream.of(overrides)).toArray(String[]::new));
  }

  private GenerateJob.Result execute(String... overrides) {
    return job(overrides).execute();
  }

  private GenerateJob job(String... overrides) {
    Stream<String> common =
        Stream.of(
            "pretrained_model_name_or_path=" + folder,
            "output_dir=" + output,
            "resolution=8",
            "num_inference_steps=3",
            "device=cpu",
            "per_device_batch_size=2");
    JobConfig settings =
        JobConfig.load(config, Stream.concat(common, Stream.of(overrides)).toList());
    // A name of its own for each test, so that each loads its model.
    return new GenerateJob(spark, settings)
        .models(any -> FakeModel.named(folder.toString()))
        .progress(display);
  }

  private Dataset<Row> rows() {
    return spark.read().parquet(output.resolve("rows").toString());
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(output.resolve("run.json").toFile());
  }

  private static List<String> names(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
