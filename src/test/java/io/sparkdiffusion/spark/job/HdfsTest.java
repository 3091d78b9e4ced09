package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.spark.output.CommitWay;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.HandBeats;
import io.sparkdiffusion.spark.output.Heartbeats;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.ImageLines;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Model, prompts and output on a real HDFS: a name node and one data node in this JVM. */
class HdfsTest {

  private static final int ROWS = 24;

  @TempDir private static java.nio.file.Path disk;

  private static MiniDFSCluster hdfs;
  private static FileSystem files;

  private final SparkSession spark = LocalSpark.session();

  @TempDir private java.nio.file.Path local;
  private Path folder;
  private Path output;

  @BeforeAll
  static void start() throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, disk.toString());
    hdfs = new MiniDFSCluster.Builder(hadoop).numDataNodes(1).build();
    hdfs.waitActive();
    files = hdfs.getFileSystem();
  }

  @AfterAll
  static void stop() {
    hdfs.close();
  }

  @BeforeEach
  void chooseFolder(TestInfo test) throws IOException {
    folder = files.makeQualified(new Path("/" + test.getTestMethod().orElseThrow().getName()));
    output = new Path(folder, "out");
    Files.writeString(local.resolve("job.yml"), "run_name: job\n");
  }

  /** The second run replaces {@code run.json} and every image, which a rename there does not. */
  @Test
  void makesTheSameImagesFromAModelThere() throws IOException {
    writeRows(2, "");
    java.nio.file.Path model = ReferenceModels.folder("base");
    files.copyFromLocalFile(new Path(model.toUri()), new Path(folder, "base"));
    String[] here = {"pretrained_model_name_or_path=" + model, "output_dir=" + local + "/out"};
    assertThat(job(here).execute().counts().generated()).isEqualTo(2);
    String there = "pretrained_model_name_or_path=" + folder + "/base";
    assertThat(job(there).execute().counts().generated()).isEqualTo(2);
    GenerateJob.Result again = job(there, "overwrite=everything").execute();
    assertThat(again.counts().generated()).isEqualTo(2);

    assertThat(images(output.toString())).isEqualTo(images(local + "/out")).hasSize(2);
    assertThat(text("run.json")).contains(again.runId());
    assertThat(names("")).containsExactly("images", "index.html", "rows", "run.json");
    assertThat(names("images")).hasSize(2).allMatch(name -> name.endsWith(".png"));
  }

  /** The last row is the cheapest and so the last to be made. */
  @Tag("soak")
  @Test
  void keepsFinishedGroupsWhereTheDeviceFailsLater() throws IOException {
    writeRows(ROWS, "last,BOOM,1\n");
    assertThatThrownBy(() -> fake().execute())
        .satisfies(
            e -> assertThat(Failures.reason(e)).isEqualTo("Cannot go on: the device is gone"));
    int kept = images(output.toString()).size();
    assertThat(kept).isBetween(6, ROWS);
    assertThat(names("")).doesNotContain("_lock", "_staging");

    writeRows(ROWS, "last,fox,1\n");
    RunCounts counts = fake().execute().counts();
    assertThat(counts.skipped()).isEqualTo(kept);
    assertThat(counts.generated()).isEqualTo(ROWS + 1 - kept);
    assertThat(images(output.toString())).hasSize(ROWS + 1).doesNotHaveDuplicates();
    assertThat(names("images")).hasSize(ROWS + 1);
  }

  /** The refused one may have made the folder; the other then leaves it, as any that it found. */
  @Test
  void letsOneOfTwoGoOnThatBeginAtOnce() throws Exception {
    CountDownLatch holds = new CountDownLatch(1);
    HandBeats beats = new HandBeats();
    Heartbeats once =
        new Heartbeats() {
          @Override
          public void await(int count) throws InterruptedException {
            assertThat(holds.await(20, TimeUnit.SECONDS)).as("the other one holds it").isTrue();
            beats.await(count);
          }

          @Override
          public Runnable start(Runnable beat) {
            Runnable end = beats.start(beat);
            holds.countDown();
            return end;
          }
        };
    OutputFolder taken = TwoRuns.onlyOneOf(open("one", once), open("two", once));
    assertThat(taken.way()).isEqualTo(CommitWay.RENAME);
    beats.beat();
    taken.requireHeld();
    assertThat(text("_lock")).as("heartbeats replace it").doesNotContain(" 0");
    taken.close();
    assertThat(files.globStatus(new Path(output, "*"))).isEmpty();
  }

  @Test
  void removesTheFolderThatItMadeAndNoOther() throws Exception {
    open("one", new HandBeats()).call().close();
    assertThat(files.exists(output)).isFalse();
    files.mkdirs(output);
    open("two", new HandBeats()).call().close();
    assertThat(names("")).isEmpty();
  }

  /** A file that is not closed yet is neither there nor can be created. */
  @Test
  void takesOverFromARunThatDiedWhileItTookTheLock() throws Exception {
    FileSystem other = FileSystem.newInstance(hdfs.getURI(), new Configuration());
    FSDataOutputStream neverClosed = other.create(new Path(output, "_lock"), false);
    try (OutputFolder next = open("next", new HandBeats()).call()) {
      next.requireHeld();
    }
    assertThat(files.exists(output)).isTrue();
    assertThat(names("")).isEmpty();
    assertThat(neverClosed).isNotNull();
  }

  private Callable<OutputFolder> open(String runId, Heartbeats heartbeats) {
    return () ->
        OutputFolder.open(
            output.toString(), OutputCommit.AUTO, runId, new Configuration(), heartbeats);
  }

  private void writeRows(int count, String another) throws IOException {
    String rows =
        IntStream.range(0, count).mapToObj("row%1$d,fox %1$d,2\n"::formatted).collect(joining());
    try (FSDataOutputStream table = files.create(new Path(folder, "prompts.csv"), true)) {
      table.writeBytes("id,prompt,num_inference_steps\n" + rows + another);
    }
  }

  private GenerateJob fake() {
    return job("pretrained_model_name_or_path=" + local, "resolution=8", "commit_group_images=4")
        .models(any -> FakeModel.named(local.toString()));
  }

  private GenerateJob job(String... overrides) {
    Stream<String> common =
        Stream.of(
            "prompts=" + folder + "/prompts.csv",
            "output_dir=" + output,
            "model_cache_dir=" + local + "/cache",
            "resolution=64",
            "device=cpu");
    return new GenerateJob(
        spark,
        JobConfig.load(
            local.resolve("job.yml"), Stream.concat(common, Stream.of(overrides)).toList()));
  }

  private List<String> images(String of) {
    return ImageLines.of(spark.read().parquet(of + "/rows").filter("status = 'generated'"));
  }

  private List<String> names(String of) throws IOException {
    Path listed = of.isEmpty() ? output : new Path(output, of);
    return Arrays.stream(files.listStatus(listed)).map(file -> file.getPath().getName()).toList();
  }

  private String text(String name) throws IOException {
    try (var in = files.open(new Path(output, name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
