package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.Heartbeats;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.util.Sha256;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run that stood still while another one took over changes nothing that the other one made. */
class LostLockTest {

  private static final String LOST =
      "Cannot go on: this run must hold its output folder, and another one has taken it over while"
          + " this one stood still ";

  @TempDir private Path folder;
  private Path output;

  @BeforeEach
  void makeJob() throws IOException {
    output = folder.resolve("out");
    Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    Files.writeString(
        folder.resolve("prompts.csv"),
        "id,prompt,num_images\na,SLOW 1,1\nb,SLOW 2,1\nc,SLOW 3,1\nd,SLOW 4,1\n");
  }

  static JobConfig settings(Path folder, String... more) {
    Stream<String> common =
        Stream.of(
            "pretrained_model_name_or_path=" + folder,
            "output_dir=" + folder.resolve("out"),
            "resolution=8",
            "num_images=4",
            "num_inference_steps=3",
            "device=cpu",
            "seed=1",
            "per_device_batch_size=1",
            "commit_group_images=1");
    return JobConfig.load(
        folder.resolve("job.yml"), Stream.concat(common, Stream.of(more)).toList());
  }

  /** It learns of its loss by its next heartbeat, or by what it is about to write. */
  @ParameterizedTest
  @CsvSource({
    "rename, prompt=SLOW fox, 300",
    "rename, prompts, 86400000",
    "manifest, prompts, 1000"
  })
  void writesNothingOnceAnotherRunHasTakenOver(String commit, String input, long heartbeatMillis)
      throws Exception {
    GenerateJob slow =
        new GenerateJob(
                LocalSpark.session(), settings(folder, input(input), "output_commit=" + commit))
            .models(any -> FakeModel.named("lost"))
            .heartbeats(Heartbeats.each(Duration.ofMillis(heartbeatMillis)));
    CompletableFuture<GenerateJob.Result> run = CompletableFuture.supplyAsync(slow::execute);
    awaitAGroup();
    takeOver();
    Map<String, String> before = files(output);
    assertThatThrownBy(run::get)
        .satisfies(
            e ->
                assertThat(Failures.reason(e))
                    .isEqualTo(LOST + "(other 0 holds file:%s/_lock)".formatted(output)));
    assertThat(files(output)).isEqualTo(before);
  }

  /** A process stops as a laptop that is closed, or a machine whose hypervisor is busy. */
  @Test
  void aStoppedProcessThatGoesOnLeavesTheNextRunsFilesAlone() throws Exception {
    Path log = folder.resolve("first.log");
    Process stopped =
        ChildJvm.of(StoppedRun.class, List.of(), folder.toString(), "prompt=SLOW fox")
            .redirectOutput(log.toFile())
            .start();
    try {
      awaitAGroup();
      signal(stopped, "STOP");
      new GenerateJob(LocalSpark.session(), settings(folder, "prompt=owl"))
          .models(any -> FakeModel.named("next"))
          .heartbeats(StoppedRun.HEARTBEATS)
          .execute();
      Map<String, String> done = files(output);
      assertThat(done).doesNotContainKey("_lock").containsKey("run.json");
      signal(stopped, "CONT");
      assertThat(stopped.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(files(output)).isEqualTo(done);
      assertThat(stopped.exitValue()).isEqualTo(1);
      assertThat(Files.readString(log).lines().reduce((one, next) -> next))
          .contains("Failed: " + LOST + "(nobody holds file:%s/_lock any more)".formatted(output));
    } finally {
      stopped.destroyForcibly();
    }
  }

  /** As after a kill between the file's name and its row, and a run of the earlier prompt. */
  @Test
  void makesANumberedImageAgainWhoseFileIsNotItsRows() throws IOException {
    assertThat(run("prompt=owl").generated()).isEqualTo(4);
    Map<String, String> whole = files(output);
    Files.copy(output.resolve("image_1.png"), output.resolve("other.png"));
    Files.move(
        output.resolve("other.png"),
        output.resolve("image_2.png"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.delete(output.resolve("image_3.png"));
    assertThat(run("prompt=owl").generated()).isEqualTo(2);
    assertThat(files(output)).containsAllEntriesOf(images(whole));
    assertThat(run("prompt=owl").generated()).isZero();
  }

  private RunCounts run(String input) {
    return new GenerateJob(LocalSpark.session(), settings(folder, input))
        .models(any -> FakeModel.named("numbered"))
        .execute()
        .counts();
  }

  private String input(String text) {
    return text.equals("prompts") ? "prompts=" + folder.resolve("prompts.csv") : text;
  }

  /** What the next run does first, and a file that it has made. */
  private void takeOver() throws IOException {
    Files.writeString(output.resolve("_lock"), "other 0\n");
    FileUtil.fullyDelete(output.resolve("_staging").toFile());
    if (Files.exists(output.resolve("rows/_manifests"))) {
      for (File group : output.resolve("rows").toFile().listFiles()) {
        String list = group.getName().replace("group=", "_manifests/") + ".json";
        if (group.getName().startsWith("group=") && !Files.exists(output.resolve("rows/" + list))) {
          FileUtil.fullyDelete(group);
        }
      }
    }
    Files.writeString(output.resolve("image_3.png"), "the other's");
    Files.writeString(output.resolve("run.json"), "{}");
  }

  private void awaitAGroup() throws IOException, InterruptedException {
    Path rows = output.resolve("rows");
    Path lists = rows.resolve("_manifests");
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (System.nanoTime() < end) {
      if (Files.exists(lists) ? has(lists, ".json") : has(rows, "group=")) {
        return;
      }
      Thread.sleep(20);
    }
    throw new IllegalStateException("no group was committed");
  }

  private static boolean has(Path folder, String part) throws IOException {
    if (!Files.exists(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.getFileName().toString().contains(part));
    }
  }

  private static void signal(Process process, String name) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor())
        .isZero();
  }

  private static Map<String, String> images(Map<String, String> files) {
    Map<String, String> images = new TreeMap<>(files);
    images.keySet().removeIf(name -> !name.endsWith(".png"));
    return images;
  }

  /** Everything with a name that readers look at. */
  private static Map<String, String> files(Path folder) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (!name.startsWith("_staging")) {
          files.put(name, sha256(file));
        }
      }
    }
    return files;
  }

  private static String sha256(Path file) {
    try {
      return Sha256.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
