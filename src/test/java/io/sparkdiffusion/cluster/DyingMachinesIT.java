package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.executor.LostDeviceJob;
import io.sparkdiffusion.spark.job.NoNumbersJob;
import io.sparkdiffusion.testing.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * After executors, workers and drivers have died at all sorts of moments no row is lost, none is
 * doubled, no half file has a final name, and every image has the bytes of an undisturbed run on
 * one machine.
 */
class DyingMachinesIT {

  /** How often an executor is killed at length, and how often a driver. */
  private static final int KILLS = 20;

  private static final List<String> NO_OPTIONS = List.of();

  @RegisterExtension private static final TestCluster CLUSTER = new TestCluster();

  private static StandaloneCluster cluster;
  private static ClusterJob job;
  private static Map<String, String> undisturbed;

  @BeforeAll
  static void runUndisturbedOnOneMachine() throws Exception {
    cluster = CLUSTER.running();
    job = ClusterJob.prepare(CLUSTER);
    SparkProcess local = job.runLocally(output("undisturbed"));
    assertThat(local.printed()).doesNotContain("secret image");
    undisturbed = job.images(output("undisturbed"));
  }

  static IntStream kills() {
    return IntStream.range(0, KILLS);
  }

  @Test
  void survivesAKilledExecutor() throws Exception {
    killAnExecutor(Moment.DENOISING, 1);
  }

  @Tag("soak")
  @ParameterizedTest
  @MethodSource("kills")
  void survivesManyKilledExecutors(int kill) throws Exception {
    killAnExecutor(moment(kill), kill);
  }

  private static void killAnExecutor(Moment moment, int kill) throws Exception {
    Path output = output("executor-" + kill);
    Random random = new Random(kill);
    int loaded = Moment.modelsLoaded(cluster);
    SparkProcess driver = job.start(output, NO_OPTIONS);
    moment.await(output, cluster, loaded, driver, random);
    List<ProcessHandle> executors = cluster.executors();
    assertThat(executors).isNotEmpty();
    executors.get(random.nextInt(executors.size())).destroyForcibly();
    assertThat(driver.await()).as(driver.printed()).isZero();
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  @Test
  void goesOnAfterAKilledDriver() throws Exception {
    killTheDriver(Moment.WRITING, 2);
  }

  @Tag("soak")
  @ParameterizedTest
  @MethodSource("kills")
  void goesOnAfterManyKilledDrivers(int kill) throws Exception {
    killTheDriver(moment(kill), kill);
  }

  private static void killTheDriver(Moment moment, int kill) throws Exception {
    Path output = output("driver-" + kill);
    int loaded = Moment.modelsLoaded(cluster);
    SparkProcess driver = job.start(output, NO_OPTIONS);
    moment.await(output, cluster, loaded, driver, new Random(kill));
    driver.close();
    assertThat(output.resolve("_lock")).exists();
    SparkProcess second = job.run(output, NO_OPTIONS);
    assertThat(second.lastLine()).startsWith("Done: 24 images: ");
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  @Tag("soak")
  @Test
  void survivesALostWorker() throws Exception {
    Path output = output("worker");
    cluster.addWorker();
    SparkProcess driver = job.start(output, NO_OPTIONS);
    Moment.DENOISING.await(output, cluster, 0, driver, new Random(2));
    cluster.loseWorker(2);
    assertThat(driver.await()).as(driver.printed()).isZero();
    assertThat(job.images(output)).isEqualTo(undisturbed);
  }

  /** A GPU is lost in the middle of a run, for the executor that has it and for no other. */
  @Test
  void endsTheExecutorWhoseGpuIsLostAndMakesItsRowsElsewhere() throws Exception {
    int rows = 16;
    int before = cluster.executorLogs().size();
    String printed =
        ChildJvm.run(
            LostDeviceJob.class,
            List.of("-Dlog4j2.configurationFile=jobs/lib/log4j2.properties"),
            cluster.url(),
            Files.createDirectory(output("lost-device")).toString(),
            Integer.toString(rows));

    assertThat(printed.lines().filter(line -> line.startsWith("made ")))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, rows).mapToObj("made row%d"::formatted).toList());
    assertThat(printed)
        .containsPattern(
            "Executor \\d+ on 127.0.0.1 ends, for Spark to start another one: Cannot go on: device"
                + " cpu must answer, .*CUDA error: unspecified launch failure");
    assertThat(cluster.workerLogs()).contains("Command exited with code 71");
    assertThat(cluster.executorLogs()).as("two executors and a new one").hasSize(before + 3);
  }

  /** Two tasks fail on one of two GPUs, each twice; nothing of what it made is kept. */
  @Tag("soak")
  @Test
  void leavesOutTheExecutorWhoseGpuGivesNoNumbers() throws Exception {
    Path folder = Files.createDirectory(output("no-numbers"));
    String printed =
        ChildJvm.run(
            NoNumbersJob.class,
            List.of("-Dlog4j2.configurationFile=jobs/lib/log4j2.properties"),
            cluster.url(),
            folder.toString());

    String broken = Files.readString(folder.resolve("broken"));
    assertThat(printed)
        .contains("done: 512 generated, 0 failed")
        .contains("left out: executor " + broken + " on 127.0.0.1: 2 tasks failed");
    assertThat(Files.readString(folder.resolve("out/run.json")))
        .contains("executor " + broken + " on 127.0.0.1: 2 tasks failed");
  }

  private static Moment moment(int kill) {
    Moment[] all = Moment.values();
    return all[kill % all.length];
  }

  private static Path output(String name) {
    return CLUSTER.folder().resolve("output-" + name);
  }
}
