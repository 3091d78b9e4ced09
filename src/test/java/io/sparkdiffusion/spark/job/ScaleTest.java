package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.spark.report.ProgressDisplay;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.FakeModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A large table in a small JVM, driver and executor in one. */
class ScaleTest {

  /** Of the gigabyte that the child has, when no task is running. */
  private static final long MOST_HEAP_BYTES = 200L << 20;

  @TempDir private Path folder;

  @Test
  void makesEachRowOfATableOnce() throws IOException, InterruptedException {
    assertMakesEachOnce(2_000);
  }

  @Tag("soak")
  @Test
  void makesEachOfAMillionRowsOnce() throws IOException, InterruptedException {
    assertMakesEachOnce(1_000_000);
  }

  private void assertMakesEachOnce(long rows) throws IOException, InterruptedException {
    Files.writeString(folder.resolve("job.yml"), "run_name: scale\n");
    String output =
        ChildJvm.run(
            ScaleTest.class,
            List.of("-Xmx1g", "-Dspark.master=local[2]", "-Dspark.ui.enabled=false"),
            folder.toString(),
            Long.toString(rows));
    TreeMap<String, Long> told =
        output
            .lines()
            .map(line -> line.split(": ", 2))
            .filter(pair -> pair.length == 2 && pair[1].matches("\\d+"))
            .collect(
                Collectors.toMap(
                    pair -> pair[0], pair -> Long.valueOf(pair[1]), Math::max, TreeMap::new));
    System.out.printf("%,d rows: %s%n", rows, told);
    assertThat(told)
        .containsEntry("generated at first", rows)
        .containsEntry("generated again", 0L)
        .containsEntry("skipped again", rows)
        .containsEntry("generated after the loss", told.get("lost"))
        .containsEntry("skipped after the loss", rows - told.get("lost"))
        .containsEntry("rows", rows)
        .containsEntry("ids", rows);
    assertThat(told.get("lost")).isBetween(rows / 20, rows / 2);
    assertThat(told.get("heap after collection")).isBetween(1L << 20, MOST_HEAP_BYTES);
  }

  /** The child: makes the table's images, again, and once more after some were lost. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    long rows = Long.parseLong(arguments[1]);
    SparkSession spark = SparkSession.builder().appName("scale").getOrCreate();
    spark
        .range(rows)
        .selectExpr("concat('row', id) as id", "concat('image number ', id) as prompt")
        .write()
        .parquet(folder.resolve("prompts").toString());
    run(spark, folder, rows, "at first");
    run(spark, folder, rows, "again");
    tell("lost", lose(spark, folder.resolve("out/rows")));
    run(spark, folder, rows, "after the loss");
    Dataset<Row> made = spark.read().parquet(folder.resolve("out/rows").toString());
    tell("rows", made.count());
    tell("ids", made.select("id").distinct().count());
    spark.stop();
  }

  private static void run(SparkSession spark, Path folder, long rows, String when) {
    JobConfig config =
        JobConfig.load(
            folder.resolve("job.yml"),
            List.of(
                "pretrained_model_name_or_path=" + folder,
                "prompts=" + folder.resolve("prompts"),
                "output_dir=" + folder.resolve("out"),
                "output_format=parquet",
                "resolution=8",
                "num_inference_steps=1",
                "device=cpu",
                "per_device_batch_size=64",
                "commit_group_images=" + rows / 10));
    Consumer<String> measure = line -> tell("heap after collection amid tasks", heapBytes());
    GenerateJob.Result result =
        new GenerateJob(spark, config)
            .models(any -> FakeModel.named("scale"))
            .progress(
                new ProgressDisplay(0, Duration.ofSeconds(5), measure, measure, System::nanoTime))
            .execute();
    tell("heap after collection", heapBytes());
    tell("generated " + when, result.counts().generated());
    tell("skipped " + when, result.counts().skipped());
    tell("milliseconds " + when, Math.round(result.seconds().wall() * 1e3));
  }

  private static void tell(String what, long value) {
    System.out.println(what + ": " + value);
  }

  private static long heapBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Removes a group as if it had not been finished; returns how many images it held. */
  private static long lose(SparkSession spark, Path rows) throws IOException {
    Path group;
    try (Stream<Path> groups = Files.list(rows)) {
      group = groups.sorted().findFirst().orElseThrow();
    }
    long images = spark.read().parquet(group.toString()).count();
    try (Stream<Path> files = Files.walk(group)) {
      files.sorted(Comparator.reverseOrder()).forEach(ScaleTest::delete);
    }
    return images;
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
