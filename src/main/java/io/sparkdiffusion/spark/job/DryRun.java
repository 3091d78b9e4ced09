package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.Counted;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.plan.BatchPlan;
import io.sparkdiffusion.spark.plan.RowCounts;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.report.DeviceCost;
import io.sparkdiffusion.spark.table.RequestColumns;
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
import org.apache.spark.sql.Row;

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

  static DryRun of(
      JobConfig config,
      Models models,
      RowCounts.Planned planned,
      Planner.Work work,
      Configuration hadoop)
      throws IOException {
    BatchPlan batches = work.batches();
    RunCounts counts = RowCounts.total(planned, batches.images(), RowCounts.Made.NONE);
    List<String> lines = new ArrayList<>();
    Model model = models.usual();
    lines.add("Model: %s, digest %s".formatted(model.name(), model.digest()));
    if (!model.loras().setting().isEmpty()) {
      lines.add("LoRAs: " + Shown.line(model.loras().setting()));
    }
    if (!model.embeddings().setting().isEmpty()) {
      lines.add("Embeddings: " + Shown.line(model.embeddings().setting()));
    }
    if (!model.controlNets().setting().isEmpty()) {
      lines.add("ControlNets: " + Shown.line(model.controlNets().setting()));
    }
    lines.add(
        "Rows: %s; images: %s, of which %s fail before generation, %s are there, %s are to be made in %s"
            .formatted(
                planned.rows(),
                counts.total(),
                counts.failed(),
                counts.skipped(),
                batches.images(),
                Counted.of(batches.groups().size(), "group")));
    if (batches.imagesByLoras().size() > 1) {
      lines.add("They are made with " + sets(batches) + ":");
      batches
          .imagesByLoras()
          .forEach((loras, images) -> lines.add("  %s: %s".formatted(images, shown(loras))));
    }
    planned.failures().forEach((reason, images) -> lines.add("  %s: %s".formatted(images, reason)));
    if (!work.isNone()) {
      lines.add("Denoising steps: %s".formatted(work.images().steps()));
      lines.addAll(firstImages(work.images().first(FIRST_IMAGES)));
    }
    rate(config, hadoop)
        .filter(rate -> !work.isNone())
        .ifPresent(rate -> lines.addAll(estimate(config, batches.images(), rate)));
    return new DryRun(counts, batches.images(), lines);
  }

  /** How many sets of LoRAs images are made with, of which each is a model of its own. */
  static String sets(BatchPlan batches) {
    return "%s sets of LoRAs, each loaded once on every executor that makes its images"
        .formatted(batches.imagesByLoras().size());
  }

  private static String shown(String loras) {
    return loras.isEmpty() ? "without LoRAs" : Shown.line(loras);
  }

  private static List<String> firstImages(List<Row> first) {
    return first.stream()
        .map(
            row ->
                "  %s image %s: %s x %s pixels, %s steps, seed %s, guidance %s"
                    .formatted(
                        Shown.text(String.valueOf(value(row, "id"))),
                        value(row, "image_index"),
                        value(row, "width"),
                        value(row, "height"),
                        value(row, "num_inference_steps"),
                        value(row, "seed"),
                        value(row, "guidance_scale")))
        .toList();
  }

  private static Object value(Row planned, String column) {
    return planned.get(RequestColumns.SCHEMA.fieldIndex(column));
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
