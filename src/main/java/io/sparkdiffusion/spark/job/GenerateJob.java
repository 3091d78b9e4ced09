package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.OutputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.PlanImages;
import io.sparkdiffusion.spark.executor.GenerateImages;
import io.sparkdiffusion.spark.executor.GenerationCounters;
import io.sparkdiffusion.spark.executor.GenerationRun;
import io.sparkdiffusion.spark.executor.Model;
import io.sparkdiffusion.spark.executor.PictureStore;
import io.sparkdiffusion.spark.executor.Preflight;
import io.sparkdiffusion.spark.executor.ResultColumns;
import io.sparkdiffusion.spark.table.PromptTable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the pictures of a table of prompts that are not there yet. */
public final class GenerateJob {

  private static final Logger LOG = LoggerFactory.getLogger(GenerateJob.class);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssSSS'Z'").withZone(ZoneOffset.UTC);

  private static final long SECONDS_FOR_TASKS = 15;

  private final SparkSession spark;
  private final JobConfig config;
  private final String runId = newRunId();
  private final SerializableConfiguration hadoop;
  private final GenerationCounters counters;
  private final RunReport report;
  private Function<JobConfig, Model> models;
  private ProgressDisplay display = ProgressDisplay.log();
  private Duration heartbeat = OutputLock.HEARTBEAT;
  private volatile boolean isStopping;

  /** A job that logs its progress. */
  public GenerateJob(SparkSession spark, JobConfig config) {
    this.spark = spark;
    this.config = config;
    this.hadoop = new SerializableConfiguration(spark.sessionState().newHadoopConf());
    this.counters = GenerationCounters.register(spark.sparkContext());
    this.report = new RunReport(runId, config, spark.version(), counters);
    this.models = settings -> Model.open(settings.model(), settings.execution(), hadoop.value());
  }

  /** Ids sort by time, and two runs never share one. */
  private static String newRunId() {
    return TIME.format(Instant.now()) + "-" + UUID.randomUUID().toString().substring(0, 8);
  }

  /** Opens models in another way, for instance fast fakes. */
  public GenerateJob models(Function<JobConfig, Model> opener) {
    this.models = opener;
    return this;
  }

  /** Shows progress in another way. */
  public GenerateJob progress(ProgressDisplay shown) {
    this.display = shown;
    return this;
  }

  /** Shows more often that it is alive. */
  GenerateJob heartbeat(Duration interval) {
    this.heartbeat = interval;
    return this;
  }

  /**
   * What a run did.
   *
   * @param stopReason why it was stopped early, empty where it was not
   */
  public record Result(
      String runId,
      String outputFolder,
      RunCounts counts,
      RunSeconds seconds,
      Optional<String> stopReason) {}

  /** Drops the groups underway and ends {@link #execute()}, from another thread. */
  public void stop() {
    isStopping = true;
    spark.sparkContext().cancelJobGroup(runId);
  }

  /** Whether {@link #stop()} was called. */
  public boolean isStopping() {
    return isStopping;
  }

  /**
   * Runs the job.
   *
   * @throws ProblemsException where the output folder, the model or the table is of no use
   */
  public Result execute() {
    OutputFolder output =
        OutputFolder.open(
            config.output().directory(),
            config.output().commit(),
            runId,
            hadoop.value(),
            heartbeat);
    spark.sparkContext().setJobGroup(runId, "Generate images: " + config.runName(), false);
    try {
      Result result = doExecute(output);
      report(output, result.stopReason().isEmpty() ? "done" : "stopped", result.stopReason());
      return result;
    } catch (Exception e) {
      // Spark throws checked exceptions that it does not declare.
      if (Failures.problems(e).isEmpty() || !isUntouched(output)) {
        report(output, isStopping ? "interrupted" : "failed", Optional.of(Failures.reason(e)));
      }
      throw e instanceof RuntimeException known
          ? known
          : new IllegalStateException(Failures.reason(e), e);
    } finally {
      if (isStopping) {
        awaitTasks();
      }
      clean(output);
      spark.sparkContext().clearJobGroup();
    }
  }

  /**
   * Checks everything and plans, without writing anything.
   *
   * @throws ProblemsException where the model, the device or the table is of no use
   */
  public DryRun dryRun() throws IOException {
    PromptTable table = openTable();
    Model model = models.apply(config);
    Preflight.checkDriver(spark.sparkContext(), model, config.execution());
    Dataset<Row> planned = plan(table, model);
    Dataset<Row> remaining =
        new FinishedImages(config.output())
            .removedFrom(planned, DryRun.finished(spark, config, hadoop.value()));
    BatchPlan batches = BatchPlan.of(ImageNumbers.of(remaining).demands(), sizes());
    if (batches.images() > 0) {
      PictureStore none = PictureStore.inRows(true, true);
      Preflight.checkExecutors(
          spark.sparkContext(), new GenerationRun(runId, model, config.execution(), none), hadoop);
    }
    return DryRun.of(
        config, model, RowCounts.Planned.of(planned), remaining, batches, hadoop.value());
  }

  /** Cancelled tasks end their batch first; what they write must not come after the cleaning. */
  private void awaitTasks() {
    long end = System.nanoTime() + SECONDS_FOR_TASKS * 1_000_000_000L;
    while (runningTasks() > 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(50_000_000L);
    }
  }

  private int runningTasks() {
    return Arrays.stream(spark.sparkContext().statusTracker().getExecutorInfos())
        .mapToInt(SparkExecutorInfo::numRunningTasks)
        .sum();
  }

  private Result doExecute(OutputFolder output) throws IOException {
    PromptTable table = openTable();
    Model model = models.apply(config);
    report.model(model);
    Preflight.checkDriver(spark.sparkContext(), model, config.execution());
    Preflight.warnOfSize(model, config.sampling());
    StructType schema = table.columns().appendedTo(ResultColumns.SCHEMA);
    ResultStore rows = ResultStore.open(spark, config.output().table(), output, schema);
    Dataset<Row> planned = plan(table, model).persist(StorageLevel.DISK_ONLY());
    try {
      RowCounts.Planned plannedCounts = RowCounts.Planned.of(planned);
      FailedRows failed =
          new FailedRows(config.output().maxFailedRows(), plannedCounts, runId, rows);
      Optional<String> stop = failed.tooMany(RowCounts.Made.NONE);
      if (stop.isPresent()) {
        return result(output, RowCounts.stopped(plannedCounts), stop);
      }
      Dataset<Row> remaining =
          new FinishedImages(config.output()).removedFrom(planned, rows.rows(FinishedImages.READ));
      ImageNumbers numbers = ImageNumbers.of(remaining);
      BatchPlan batches = BatchPlan.of(numbers.demands(), sizes());
      GenerationRun run = new GenerationRun(runId, model, config.execution(), store(output));
      if (batches.images() > 0) {
        Preflight.checkExecutors(spark.sparkContext(), run, hadoop);
      }
      RowCounts.Made made = RowCounts.Made.NONE;
      try (GroupedGeneration groups =
          new GroupedGeneration(
              spark,
              runId,
              batches.arrange(remaining, numbers),
              remaining.schema(),
              new GenerateImages(run, counters, hadoop),
              schema,
              rows)) {
        made = generate(batches, groups, so -> isStopping || failed.tooMany(so).isPresent());
      }
      if (isStopping) {
        throw new IllegalStateException("Cannot go on: the run was stopped by a signal");
      }
      return ended(
          output,
          model,
          rows,
          RowCounts.total(plannedCounts, batches.images(), made),
          failed.tooMany(made));
    } finally {
      planned.unpersist();
    }
  }

  private Result ended(
      OutputFolder output,
      Model model,
      ResultStore rows,
      RunCounts counts,
      Optional<String> stopReason)
      throws IOException {
    Result result = result(output, counts, stopReason);
    if (stopReason.isEmpty() && config.output().overwrite().removesEarlier()) {
      LOG.info("Removing what earlier runs left");
      rows.removeOtherRuns();
      UnnamedPictures.delete(spark, output, rows, hadoop);
    }
    if (config.output().gallery()) {
      Gallery.write(config, model, rows, output);
    }
    return result;
  }

  private PromptTable openTable() {
    PromptTable table =
        PromptTable.read(spark, config.input(), config.sampling().seed(), ResultColumns::isTaken);
    table.checkIds();
    return table;
  }

  private Dataset<Row> plan(PromptTable table, Model model) {
    return PlanImages.of(table, config.sampling(), config.execution(), model);
  }

  private RowCounts.Made generate(
      BatchPlan batches, GroupedGeneration groups, Predicate<RowCounts.Made> isEnough)
      throws IOException {
    List<BatchPlan.Group> all = batches.groups();
    LOG.info(
        "{} images to make in {} partitions, {} groups",
        batches.images(),
        batches.partitions().size(),
        all.size());
    try (Progress progress =
        Progress.start(spark.sparkContext(), counters.images().id(), batches.images(), display)) {
      return groups.run(all, isEnough);
    }
  }

  private BatchPlan.Sizes sizes() {
    return new BatchPlan.Sizes(
        config.execution().perDeviceBatchSize(),
        spark.sparkContext().defaultParallelism(),
        config.output().commitGroupImages());
  }

  private PictureStore store(OutputFolder output) {
    OutputConfig settings = config.output();
    return new PictureStore(
        output.root(),
        output.staging(),
        settings.format(),
        config.input() instanceof InputConfig.Single
            ? PictureStore.Naming.NUMBERED
            : PictureStore.Naming.BY_REQUEST,
        settings.pngParameters(),
        settings.pngAiMark());
  }

  private Result result(OutputFolder output, RunCounts counts, Optional<String> stopReason) {
    report.counts(counts);
    return new Result(runId, output.root(), counts, report.seconds(), stopReason);
  }

  /** A mistake that was found before the first picture needs no report. */
  private static boolean isUntouched(OutputFolder output) {
    try {
      return output.isUntouched();
    } catch (IOException e) {
      return false;
    }
  }

  private void report(OutputFolder output, String status, Optional<String> error) {
    try {
      output.writeText("run.json", report.json(status, error.orElse(null)));
    } catch (IOException e) {
      LOG.warn("Cannot write run.json: {}", e.getMessage());
    }
  }

  private static void clean(OutputFolder output) {
    try {
      output.close();
    } catch (IOException e) {
      LOG.warn("Cannot remove the run's staging folder: {}", e.getMessage());
    }
  }
}
