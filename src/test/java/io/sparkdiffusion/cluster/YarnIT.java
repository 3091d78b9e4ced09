package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The launcher with a stock Spark on a real YARN. Needs the property {@code
 * sparkdiffusion.spark.home}: the Spark of the build has no classes for YARN.
 */
@Tag("soak")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class YarnIT {

  private static final String EXECUTOR = "YarnCoarseGrainedExecutorBackend";
  private static final String DRIVER = "org.apache.spark.deploy.yarn.ApplicationMaster";
  private static final String ONCE = "--conf=spark.yarn.maxAppAttempts=1";

  private static final long PATIENCE_NANOS = 180_000_000_000L;

  @RegisterExtension private static final TestCluster LOCAL = new TestCluster();

  private static YarnCluster yarn;
  private static Path folder;
  private static ClusterJob job;
  private static Map<String, String> undisturbed;

  @BeforeAll
  static void start() throws Exception {
    folder = LOCAL.folder();
    job = ClusterJob.prepare(LOCAL);
    job.runLocally(folder.resolve("undisturbed"));
    undisturbed = job.images(folder.resolve("undisturbed"));
    yarn = YarnCluster.start(folder);
    // The cluster's usual file system has the table, by the same path.
    copyToHdfs(folder.resolve("prompts.csv"), folder.resolve("prompts.csv").toString());
  }

  @AfterAll
  static void stop() throws IOException {
    if (yarn != null) {
      yarn.close();
    }
  }

  /** The output folder is an override; the configuration is a file of this machine. */
  @Test
  @Order(1)
  void takesConfigurationAndOverridesToADriverOnTheCluster() throws Exception {
    Path output = folder.resolve("cluster");
    SparkProcess client = generate("cluster", "output_dir=file:" + output);
    assertThat(client.await()).as(client.printed()).isZero();
    assertThat(client.printed()).contains("Submitted application application_");
    assertThat(client.lastLine()).startsWith("Done: YARN has run the driver");
    assertThat(yarn.newest().getFinalApplicationStatus())
        .isEqualTo(FinalApplicationStatus.SUCCEEDED);
    assertThat(job.images(output)).isEqualTo(undisturbed);
    assertThat(yarn.files().listStatus(staging())).as("the job's private files").isEmpty();
  }

  @Test
  @Order(2)
  void runsWithTheDriverHere() throws Exception {
    Path output = folder.resolve("client");
    SparkProcess client = generate("client", "output_dir=file:" + output);
    assertThat(client.await()).as(client.printed()).isZero();
    assertThat(client.lastLine()).startsWith("Done: 24 images: 24 generated, 0 skipped, 0 failed");
    assertThat(yarn.newest().getFinalApplicationStatus())
        .isEqualTo(FinalApplicationStatus.SUCCEEDED);
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  /** Before Spark has started, after it has, and where rows failed. */
  @Test
  @Order(3)
  void endsWithTheApplicationsReasonAndExitCode() throws Exception {
    assertEndsAlike(2, "Cannot use frobnicate: there is no such setting", "frobnicate=1");
    assertEndsAlike(
        2, "Cannot open model /none: ", "pretrained_model_name_or_path=file:/none", "seed=1");
    assertEndsAlike(
        3,
        "Stopped: ",
        "max_failed_rows=0",
        "guidance_scale=1e38",
        "output_dir=file:" + folder.resolve("failing"));
  }

  private static void assertEndsAlike(int code, String reason, String... settings)
      throws Exception {
    SparkProcess client = generate("cluster", settings);
    assertThat(client.await()).as(client.printed()).isEqualTo(code);
    assertThat(client.lastLine()).startsWith(reason);
    ApplicationReport told = yarn.newest();
    assertThat(told.getFinalApplicationStatus()).isEqualTo(FinalApplicationStatus.FAILED);
    assertThat(told.getDiagnostics().strip())
        .isEqualTo(
            "User class threw exception: %s [exit code %d]".formatted(client.lastLine(), code));
  }

  @Test
  @Order(4)
  void showsYarnAFailureOfADriverHere() throws Exception {
    SparkProcess client = generate("client", "pretrained_model_name_or_path=file:/none");
    assertThat(client.await()).as(client.printed()).isEqualTo(2);
    assertThat(client.lastLine()).startsWith("Cannot open model /none: ");
    assertThat(yarn.newest().getFinalApplicationStatus()).isEqualTo(FinalApplicationStatus.FAILED);
  }

  @Test
  @Order(5)
  void survivesALostExecutor() throws Exception {
    for (String mode : List.of("client", "cluster")) {
      Path output = folder.resolve("lost-" + mode);
      SparkProcess client = generate(mode, "output_dir=file:" + output);
      awaitImages(output, client);
      kill(EXECUTOR);
      assertThat(client.await()).as(client.printed()).isZero();
      assertThat(job.images(output)).isEqualTo(undisturbed);
    }
  }

  /** YARN starts a second driver, which makes what is missing. */
  @Test
  @Order(6)
  void goesOnAfterALostDriver() throws Exception {
    Path output = folder.resolve("lost-driver");
    SparkProcess client = generate("cluster", "output_dir=file:" + output);
    awaitImages(output, client);
    kill(DRIVER);
    assertThat(client.await()).as(client.printed()).isZero();
    assertThat(yarn.newest().getCurrentApplicationAttemptId().getAttemptId()).isEqualTo(2);
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  /** Its executors stand still, so that it lasts until the other queue has taken what it wants. */
  @Test
  @Order(7)
  void losesNothingToAQueueThatTakesItsExecutors() throws Exception {
    Path idle = folder.resolve("idle");
    Path urgent = folder.resolve("urgent");
    SparkProcess first =
        yarn.submit(
            program("output_dir=file:" + idle),
            "client",
            "--queue",
            "idle",
            "--conf=spark.executor.instances=3",
            "--conf=spark.network.timeout=600s");
    awaitImages(idle, first);
    List<ProcessHandle> standing = YarnCluster.containers(EXECUTOR);
    signal("STOP", standing);
    SparkProcess second = generate("client", "output_dir=file:" + urgent);
    yarn.awaitPreemption();
    signal("CONT", standing.stream().filter(ProcessHandle::isAlive).toList());
    assertThat(second.await()).as(second.printed()).isZero();
    assertThat(first.await()).as(first.printed()).isZero();
    assertThat(job.images(idle)).isEqualTo(undisturbed);
    assertThat(job.images(urgent)).isEqualTo(undisturbed);
  }

  /** Nothing but HDFS: configuration, model, table and output. */
  @Test
  @Order(8)
  void readsAndWritesHdfs() throws Exception {
    copyToHdfs(job.config(), "/jobs/cluster.yml");
    copyToHdfs(ReferenceModels.folder("base"), "/models/base");
    SparkProcess client =
        yarn.submit(
            List.of(
                "jobs/generate",
                "hdfs:///jobs/cluster.yml",
                "pretrained_model_name_or_path=hdfs:///models/base",
                "model_cache_dir=" + folder.resolve("copies"),
                "output_dir=/out",
                "--",
                "--master",
                "yarn"),
            "cluster");
    assertThat(client.await()).as(client.printed()).isZero();
    Path output = folder.resolve("from-hdfs");
    yarn.files().copyToLocalFile(false, hdfs("/out"), hdfs(output.toString()), true);
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  /** The driver's folder is nobody else's: each container has its own. */
  @Test
  @Order(9)
  void takesAModelFromAnArchive() throws Exception {
    Path archive = folder.resolve("model.tar.gz");
    String model = ReferenceModels.folder("base").toString();
    Process tar = new ProcessBuilder("tar", "-C", model, "-czf", archive.toString(), ".").start();
    assertThat(tar.waitFor()).isZero();
    Path output = folder.resolve("archive");
    List<String> program =
        program("output_dir=file:" + output, "pretrained_model_name_or_path=./base");
    SparkProcess client = yarn.submit(program, "cluster", "--archives", archive + "#base");
    assertThat(client.await()).as(client.printed()).isZero();
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  /** Without the launcher: the file is named as it arrives. */
  @Test
  @Order(10)
  void worksThroughSparkSubmitAlone() throws Exception {
    Path output = folder.resolve("submit");
    SparkProcess client = submit("cluster.yml", "output_dir=file:" + output);
    assertThat(client.await()).as(client.printed()).isZero();
    assertThat(job.images(output)).isEqualTo(undisturbed);

    SparkProcess mistaken = submit(job.config().toString() + ".none", "seed=1");
    assertThat(mistaken.await()).isEqualTo(1);
    assertThat(yarn.newest().getDiagnostics())
        .startsWith("User class threw exception: Cannot read CONFIG: ")
        .contains("so send it along, --files ");
  }

  @Test
  @Order(11)
  void tellsNobodyThePrompts() throws Exception {
    List<Path> files = new ArrayList<>();
    for (Path root : List.of(folder, Path.of("target/test/data/yarn"))) {
      try (Stream<Path> all = Files.walk(root)) {
        all.filter(file -> file.toString().matches(".*(\\.log|stderr|stdout|launch_container.sh)"))
            .forEach(files::add);
      }
    }
    assertThat(files).hasSizeGreaterThan(30);
    for (Path file : files) {
      assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
          .as(file.toString())
          .doesNotContain("secret image");
    }
  }

  private static SparkProcess generate(String mode, String... settings) throws IOException {
    return yarn.submit(program(settings), mode);
  }

  private static List<String> program(String... settings) {
    List<String> program = new ArrayList<>(List.of("jobs/generate", job.config().toString()));
    program.addAll(Arrays.asList(settings));
    program.addAll(List.of("--", "--master", "yarn"));
    return program;
  }

  private static SparkProcess submit(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(SparkProcess.home() + "/bin/spark-submit", "--master", "yarn", ONCE));
    command.addAll(YarnCluster.options("cluster"));
    command.addAll(List.of("--files", job.config().toString()));
    command.addAll(List.of("--class", "io.sparkdiffusion.Main"));
    command.add(StandaloneCluster.jobJar().toString());
    command.addAll(Arrays.asList(arguments));
    return yarn.start(command);
  }

  private static org.apache.hadoop.fs.Path staging() throws IOException {
    return hdfs(yarn.files().getHomeDirectory() + "/.sparkStaging");
  }

  private static org.apache.hadoop.fs.Path hdfs(String path) {
    return new org.apache.hadoop.fs.Path(path);
  }

  private static void copyToHdfs(Path local, String path) throws IOException {
    yarn.files().copyFromLocalFile(hdfs(local.toAbsolutePath().toUri().toString()), hdfs(path));
  }

  private static void awaitImages(Path output, SparkProcess client)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (count(output.resolve("images")) < 3) {
      if (System.nanoTime() > end || !client.process().isAlive()) {
        throw new AssertionError("no image was made:\n" + client.printed());
      }
      Thread.sleep(5);
    }
  }

  private static long count(Path images) {
    try (Stream<Path> files = Files.isDirectory(images) ? Files.list(images) : Stream.empty()) {
      return files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void signal(String name, List<ProcessHandle> processes) throws Exception {
    for (ProcessHandle process : processes) {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }
  }

  private static void kill(String mainClass) {
    List<ProcessHandle> found = YarnCluster.containers(mainClass);
    assertThat(found).isNotEmpty();
    found.get(0).destroyForcibly();
  }
}
