package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The packaged job on two workers of one host, submitted in client mode. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterIT {

  @RegisterExtension private static final TestCluster CLUSTER = new TestCluster();

  private static Path folder;
  private static ClusterJob job;
  private static Map<String, String> images;

  @BeforeAll
  static void prepare() throws Exception {
    folder = CLUSTER.folder();
    job = ClusterJob.prepare(CLUSTER);
  }

  @Test
  @Order(1)
  void loadsTheModelOnceInEachExecutor() throws Exception {
    SparkProcess driver =
        job.run(
            folder.resolve("out"),
            List.of(
                "--conf",
                "spark.eventLog.enabled=true",
                "--conf",
                "spark.eventLog.dir=" + Files.createDirectory(folder.resolve("events"))));
    assertThat(driver.lastLine()).startsWith("Done: 24 images: 24 generated, 0 skipped, 0 failed");
    assertThat(Moment.modelsLoaded(CLUSTER.running())).isEqualTo(2);
    images = job.images(folder.resolve("out"));
    assertThat(job.threads(folder.resolve("out"))).as("spark.task.cpus").containsExactly(1);
  }

  @Test
  @Order(2)
  void makesNothingTwice() throws Exception {
    SparkProcess driver = job.run(folder.resolve("out"), List.of());
    assertThat(driver.lastLine()).startsWith("Done: 24 images: 0 generated, 24 skipped, 0 failed");
    assertThat(job.images(folder.resolve("out"))).isEqualTo(images);
  }

  @Tag("soak")
  @Test
  @Order(3)
  void makesTheSameBytesWithDynamicAllocationAndSpeculation() throws Exception {
    Path output = folder.resolve("dynamic");
    job.run(
        output,
        List.of(
            "--conf", "spark.dynamicAllocation.enabled=true",
            "--conf", "spark.dynamicAllocation.shuffleTracking.enabled=true",
            "--conf", "spark.dynamicAllocation.minExecutors=1",
            "--conf", "spark.speculation=true",
            "--conf", "spark.speculation.multiplier=1.01",
            "--conf", "spark.speculation.quantile=0.1",
            "--conf", "spark.speculation.minTaskRuntime=1ms"));
    assertThat(job.images(output)).isEqualTo(undisturbed());
  }

  /** The images of a run that nothing happens to, which is made where none has been yet. */
  private static Map<String, String> undisturbed() throws Exception {
    Path output = folder.resolve("plain");
    if (!Files.exists(output)) {
      job.run(output, List.of());
    }
    return job.images(output);
  }

  @Test
  @Order(4)
  void refusesAGpuThatIsNotThere() throws Exception {
    assertRefused("cuda");
  }

  @Tag("soak")
  @Test
  @Order(5)
  void refusesItWhereTheDeviceIsFound() throws Exception {
    assertRefused("auto");
  }

  /** Spark gives each task a GPU here, which libtorch does not see. */
  private static void assertRefused(String device) throws Exception {
    Path output = folder.resolve("gpu-" + device);
    SparkProcess driver = job.start(output, List.of(), "device=" + device);
    assertThat(driver.await()).as(driver.printed()).isEqualTo(2);
    assertThat(driver.lastLine())
        .matches("Cannot use device=" + device + ": libtorch must have a GPU \\(.*\\); .*");
    assertThat(output.resolve("images")).doesNotExist();
  }

  /** The first row is the dearest and so among the first; its guidance leads beyond all numbers. */
  @Test
  @Order(6)
  void endsWithItsExitCodeAndKeepsWhatIsGoodWhereTooManyRowsFail() throws Exception {
    String good =
        IntStream.range(0, 24)
            .mapToObj("row%1$02d,secret image number %1$d,2,\n"::formatted)
            .collect(Collectors.joining());
    Path table =
        Files.writeString(
            folder.resolve("bad.csv"),
            "id,prompt,num_inference_steps,guidance_scale\nbad,secret image,4,1e38\n" + good);
    Path output = folder.resolve("bad");
    SparkProcess driver =
        job.start(
            output,
            List.of("--conf", "spark.executor.cores=3", "--conf", "spark.task.cpus=3"),
            "prompts=" + table,
            "max_failed_rows=0");
    assertThat(driver.await()).as(driver.printed()).isEqualTo(3);
    assertThat(driver.lastLine())
        .isEqualTo("Stopped: 1 of 25 rows failed, more than max_failed_rows allows (0)");
    Dataset<Row> rows = LocalSpark.session().read().parquet(output.resolve("rows").toString());
    assertThat(rows.filter("status = 'failed'").collectAsList())
        .extracting(row -> row.<String>getAs("id"))
        .containsExactly("bad");
    List<String> made =
        rows.filter("status = 'generated'")
            .select("image.path")
            .as(Encoders.STRING())
            .collectAsList();
    assertThat(made).as("some groups never began").hasSizeBetween(5, 23);
    assertThat(ClusterJob.names(output.resolve("images")))
        .as("nothing else was made")
        .containsExactlyInAnyOrderElementsOf(
            made.stream().map(path -> path.replace("images/", "")).toList());
    assertThat(ClusterJob.names(output))
        .containsExactlyInAnyOrder("images", "index.html", "rows", "run.json");
    assertThat(job.threads(output)).as("spark.task.cpus").containsExactly(3);
  }

  @Test
  @Order(7)
  void dropsWhatIsUnderwayOnASignalAndSaysHowToGoOn() throws Exception {
    stopByASignal("TERM", 143);
  }

  @Tag("soak")
  @Test
  @Order(8)
  void dropsWhatIsUnderwayOnCtrlC() throws Exception {
    Path output = stopByASignal("INT", 130);
    job.run(output, List.of());
    assertThat(job.images(output)).isEqualTo(undisturbed());
  }

  private static Path stopByASignal(String signal, int code) throws Exception {
    Path output = folder.resolve("signal-" + signal);
    SparkProcess driver = job.start(output, List.of());
    Moment.DENOISING.await(output, CLUSTER.running(), 0, driver, new Random(1));
    driver.signal(signal);
    assertThat(driver.await()).isEqualTo(code);
    assertThat(driver.lastLine())
        .isEqualTo(
            "Stopped by a signal: finished groups are kept; run the same command again to go on");
    assertThat(output.resolve("_lock")).doesNotExist();
    assertThat(output.resolve("_staging")).doesNotExist();
    assertThat(Files.readString(output.resolve("run.json")))
        .contains("\"status\" : \"interrupted\"");
    return output;
  }

  @Test
  @Order(9)
  void tellsNobodyThePrompts() throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files =
          all.filter(Files::isRegularFile)
              .filter(file -> file.toString().matches(".*(\\.log|stderr|stdout|/events/.*)"))
              .toList();
    }
    assertThat(files).hasSizeGreaterThan(10);
    for (Path file : files) {
      assertThat(text(file)).as(file.toString()).doesNotContain("secret image");
    }
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
  }
}
