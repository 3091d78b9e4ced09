package io.sparkdiffusion.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.sum;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.spark.executor.Model;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a run would do.
 *
 * @param lines for people; rows are named by their ids, prompts are not shown
 */
public record DryRun(RunCounts counts, long toMake, List<String> lines) {

  private static final int FIRST_IMAGES = 5;

  /** Keeps a copy. */
  public DryRun {
    lines = List.copyOf(lines);
  }

  /** Images that are there already, read without touching the output. */
  static Optional<Dataset<Row>> finished(SparkSession spark, JobConfig config, Configuration hadoop)
      throws IOException {
    String table = config.output().table();
    if (!table.isEmpty()) {
      boolean exists = spark.catalog().tableExists(table);
      return exists
          ? Optional.of(ResultTable.rows(spark, table, FinishedImages.READ))
          : Optional.empty();
    }
    Path root = new Path(config.output().directory());
    FileSystem files = root.getFileSystem(hadoop);
    Path rows = files.makeQualified(new Path(root, "rows"));
    if (CommitWay.of(config.output().commit(), files, root) == CommitWay.MANIFEST) {
      return ListedFolder.rows(
          spark, GroupManifests.readOnly(spark, files, rows), rows.toString(), FinishedImages.READ);
    }
    return files.exists(rows)
        ? Optional.of(
            spark.read().schema(FinishedImages.READ).parquet(LiteralPath.of(rows.toString())))
        : Optional.empty();
  }

  static DryRun of(
      JobConfig config,
      Model model,
      RowCounts.Planned planned,
      Planner.Work work,
      Configuration hadoop)
      throws IOException {
    BatchPlan batches = work.batches();
    RunCounts counts = RowCounts.total(planned, batches.images(), RowCounts.Made.NONE);
    List<String> lines = new ArrayList<>();
    lines.add("Model: %s, digest %s".formatted(model.name(), model.digest()));
    lines.add(
        "Rows: %d; images: %d, of which %d fail before generation, %d are there, %d are to be made in %d groups"
            .formatted(
                planned.rows(),
                counts.total(),
                counts.failed(),
                counts.skipped(),
                batches.images(),
                batches.groups().size()));
    planned.failures().forEach((reason, images) -> lines.add("  %d: %s".formatted(images, reason)));
    if (!work.isNone()) {
      lines.add("Denoising steps: %d".formatted(steps(work.images())));
      lines.addAll(firstImages(work.images()));
    }
    rate(config, hadoop)
        .filter(rate -> !work.isNone())
        .ifPresent(rate -> lines.addAll(estimate(config, batches.images(), rate)));
    return new DryRun(counts, batches.images(), lines);
  }

  private static long steps(Dataset<Row> remaining) {
    return remaining.agg(sum(col("num_inference_steps"))).head().getLong(0);
  }

  private static List<String> firstImages(Dataset<Row> remaining) {
    return remaining
        .filter(col("request_hash").isNotNull())
        .orderBy("id", "image_index")
        .limit(FIRST_IMAGES)
        .collectAsList()
        .stream()
        .map(
            row ->
                "  %s image %d: %d x %d pixels, %d steps, seed %d, guidance %s"
                    .formatted(
                        row.getAs("id"),
                        row.<Integer>getAs("image_index"),
                        row.<Integer>getAs("width"),
                        row.<Integer>getAs("height"),
                        row.<Integer>getAs("num_inference_steps"),
                        row.<Long>getAs("seed"),
                        row.getAs("guidance_scale")))
        .toList();
  }

  /** By the rate of the last run with this output folder. */
  private static List<String> estimate(JobConfig config, long images, double imagesPerSecond) {
    double seconds = images / imagesPerSecond;
    String time =
        String.format(
            Locale.ROOT,
            "Time on devices, at the last run's %.3g images per second: %.2f hours",
            imagesPerSecond,
            seconds / 3600);
    Stream<String> cost =
        DeviceCost.of(config.price(), seconds).stream()
            .map(
                known ->
                    String.format(
                        Locale.ROOT,
                        "Cost of that time at %s per device hour: %.2f",
                        known.pricePerDeviceHour(),
                        known.total()));
    return Stream.concat(Stream.of(time), cost).toList();
  }

  /** The images in a second on a device of the last run, where there was one that made some. */
  private static Optional<Double> rate(JobConfig config, Configuration hadoop) throws IOException {
    Path report = new Path(config.output().directory(), "run.json");
    FileSystem files = report.getFileSystem(hadoop);
    if (!files.exists(report)) {
      return Optional.empty();
    }
    try (InputStream in = files.open(report)) {
      Map<String, Object> last = StrictJson.read(in, report.toString());
      return last.get("images_per_second") instanceof Number rate && rate.doubleValue() > 0
          ? Optional.of(rate.doubleValue())
          : Optional.empty();
    }
  }
}
