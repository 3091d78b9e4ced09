package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.HandBeats;
import io.sparkdiffusion.spark.output.Heartbeats;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.TwoBeats;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.ImageLines;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Output on a store whose rename copies and whose creation of a file is not exclusive. */
class ObjectStoreTest {

  private static final int ROWS = 24;
  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;
  private Path output;

  @BeforeEach
  void registerStore() throws IOException {
    ObjectStore.register(spark.sparkContext().hadoopConfiguration());
    output = folder.resolve("out");
    Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    writeRows(2);
  }

  @AfterEach
  void unregisterStore() {
    ObjectStore.unregister(spark.sparkContext().hadoopConfiguration());
    ObjectStore.revive();
  }

  /** Killed in the middle of a group's files, and before the list of one that is there. */
  @ParameterizedTest
  @ValueSource(strings = {".parquet", ".json"})
  void countsNoHalfGroupOfAKilledRunAndMakesOnlyWhatIsMissing(String ending) throws IOException {
    writeRows(ROWS);
    int renames = ObjectStore.renames();
    Path whole = folder.resolve("whole");
    run(whole);
    List<String> undisturbed = images(whole);
    assertThat(undisturbed).hasSize(ROWS);

    ObjectStore.dieAt(ending, count(whole.resolve("rows"), ending) / 2);
    assertThatThrownBy(() -> run(output))
        .satisfies(e -> assertThat(Failures.reason(e)).contains("killed"));
    ObjectStore.revive();
    long kept = rows(output).count();
    assertThat(kept).isBetween(1L, ROWS - 1L);
    if (ending.equals(".json")) {
      assertThat(groups(output)).as("and a half").hasSizeGreaterThan(lists(output).size());
    }
    assertImagesAreWhole();
    Files.writeString(output.resolve("rows/_manifests/cut-0.json"), "{\"group\":\"cut-0\",\"fil");
    assertThat(job(output).dryRun().counts().skipped()).isEqualTo(kept);

    RunCounts counts = run(output);
    assertThat(counts.skipped()).isEqualTo(kept);
    assertThat(counts.generated()).isEqualTo(ROWS - kept);
    assertThat(images(output)).isEqualTo(undisturbed);
    assertThat(groups(output)).isEqualTo(lists(output));
    assertThat(names(output)).doesNotContain("_lock", "_staging");
    assertThat(ObjectStore.renames()).isEqualTo(renames);
  }

  /** The list is there, and the run must not remove the files that it names. */
  @Test
  void keepsAGroupWhoseListWasStoredWithoutAnAnswer() throws IOException {
    ObjectStore.loseAnswerTo("-0.json");
    assertThatThrownBy(() -> run(output))
        .satisfies(e -> assertThat(Failures.reason(e)).contains("no answer"));
    assertThat(rows(output).count()).isEqualTo(2);
    assertThat(run(output)).extracting(RunCounts::skipped, RunCounts::generated).contains(2L, 0L);
  }

  @Test
  void removesTheListsAndFilesOfEarlierRuns() throws IOException {
    run(output);
    List<String> earlier = groups(output);
    assertThat(run(output, "overwrite=everything").generated()).isEqualTo(2);
    assertThat(groups(output)).doesNotContainAnyElementsOf(earlier).isEqualTo(lists(output));
    assertThat(rows(output).count()).isEqualTo(2);
  }

  /** Killed between a group's list and its files. */
  @Test
  void leavesNoListWithoutItsFilesWhereARemovalIsCutOff() throws IOException {
    run(output);
    ObjectStore.dieAfterDeletingIn("/rows/");
    assertThatThrownBy(() -> run(output, "overwrite=everything"))
        .satisfies(e -> assertThat(Failures.reason(e)).contains("killed"));
    ObjectStore.revive();
    assertThat(rows(output).count()).isEqualTo(2);
    assertThat(groups(output)).hasSizeGreaterThan(lists(output).size());
    assertThat(run(output).skipped()).isEqualTo(2);
    assertThat(groups(output)).isEqualTo(lists(output));
  }

  /** The row that fails is the cheapest and so the last: others of its group have been written. */
  @Test
  void removesTheFilesOfAGroupThatCannotBeFinished() throws IOException {
    Files.writeString(
        folder.resolve("prompts.csv"),
        "id,prompt,num_inference_steps\n"
            + IntStream.range(0, ROWS)
                .mapToObj("row%1$d,fox %1$d,3\n"::formatted)
                .collect(joining())
            + "last,BOOM,1\n");
    assertThatThrownBy(() -> run(output))
        .satisfies(
            e -> assertThat(Failures.reason(e)).isEqualTo("Cannot go on: the device is gone"));
    assertThat(groups(output)).isNotEmpty().isEqualTo(lists(output));
    assertThat(names(output)).doesNotContain("_lock", "_staging");
  }

  @Test
  void keepsToTheWayInWhichGroupsHaveAppeared() {
    run(output, "output_dir=" + output);
    String refused =
        "Cannot write to output_dir %s: its groups have appeared by %s, go on with"
            + " output_commit=%s or take another folder";
    assertThatThrownBy(() -> run(output, "output_dir=" + output, "output_commit=manifest"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(refused.formatted("file:" + output, "renames", "rename"));
    Path listed = folder.resolve("listed");
    run(listed);
    assertThatThrownBy(() -> run(listed, "output_commit=rename"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(refused.formatted(ObjectStore.locationOf(listed), "manifests", "manifest"));
  }

  /** s3a refuses to read what was replaced since it was found, as each heartbeat does. */
  @Test
  void readsALockWhileHeartbeatsReplaceIt() throws Exception {
    try (OutputFolder taken = open("one", OutputCommit.AUTO, new HandBeats()).call()) {
      ObjectStore.replaceBeforeReading("_lock", 3);
      taken.requireHeld();
      ObjectStore.replaceBeforeReading("_lock", 100);
      assertThatThrownBy(taken::requireHeld).hasMessageContaining("Change reported by S3");
      ObjectStore.revive();
    }
  }

  /** Both find no lock, also where the user trusts in the store's renames. */
  @ParameterizedTest
  @EnumSource(names = {"AUTO", "RENAME"})
  void letsOneOfTwoGoOnThatBeginAtOnce(OutputCommit commit) throws Exception {
    ObjectStore.createTogether(2);
    TwoBeats two = new TwoBeats();
    OutputFolder taken = TwoRuns.onlyOneOf(open("one", commit, two), open("two", commit, two));
    taken.requireHeld();
    taken.close();
  }

  private void writeRows(int count) throws IOException {
    String rows =
        IntStream.range(0, count).mapToObj("row%1$d,fox %1$d\n"::formatted).collect(joining());
    Files.writeString(folder.resolve("prompts.csv"), "id,prompt\n" + rows);
  }

  private Callable<OutputFolder> open(String runId, OutputCommit commit, Heartbeats heartbeats) {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    return () ->
        OutputFolder.open(ObjectStore.locationOf(output), commit, runId, hadoop, heartbeats);
  }

  private RunCounts run(Path to, String... overrides) {
    return job(to, overrides).execute().counts();
  }

  private GenerateJob job(Path to, String... overrides) {
    Stream<String> common =
        Stream.of(
            "pretrained_model_name_or_path=" + folder,
            "prompts=" + folder.resolve("prompts.csv"),
            "output_dir=" + ObjectStore.locationOf(to),
            "resolution=8",
            "num_inference_steps=3",
            "device=cpu",
            "commit_group_images=4");
    JobConfig settings =
        JobConfig.load(
            folder.resolve("job.yml"), Stream.concat(common, Stream.of(overrides)).toList());
    return new GenerateJob(spark, settings)
        .models(any -> FakeModel.named(folder.toString()))
        .heartbeats(new HandBeats());
  }

  private Dataset<Row> rows(Path of) {
    return ListedRows.of(spark, of.resolve("rows").toString());
  }

  private List<String> images(Path of) {
    return ImageLines.of(rows(of));
  }

  private static List<String> groups(Path of) throws IOException {
    return names(of.resolve("rows")).stream()
        .filter(name -> name.startsWith("group="))
        .map(name -> name.replace("group=", ""))
        .toList();
  }

  private static List<String> lists(Path of) throws IOException {
    return names(of.resolve("rows/_manifests")).stream()
        .filter(name -> name.endsWith(".json"))
        .map(name -> name.replace(".json", ""))
        .toList();
  }

  private static List<String> names(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static int count(Path of, String ending) throws IOException {
    try (Stream<Path> files = Files.walk(of)) {
      return (int) files.filter(file -> file.toString().endsWith(ending)).count();
    }
  }

  private void assertImagesAreWhole() throws IOException {
    for (String name : names(output.resolve("images"))) {
      Path file = output.resolve("images").resolve(name);
      assertThat(ImageIO.read(file.toFile())).as(name).isNotNull();
    }
  }
}
