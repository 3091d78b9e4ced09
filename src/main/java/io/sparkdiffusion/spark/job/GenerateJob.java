package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.OutputConfig;
import io.sparkdiffusion.config.ProblemsException;
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
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
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

  /** Cancelled tasks end their batch first; what they write must not come after the cleaning. */
  private static final Duration FOR_TASKS = Duration.ofSeconds(15);

  private final SparkSession spark;
  private final JobConfig config;
  private final String runId = newRunId();
  private final SerializableConfiguration hadoop;
  private final Planner planner;
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
    this.planner = new Planner(spark, config, hadoop);
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

  /**
   * Drops the groups underway and ends {@link #execute()}, from another thread; what Spark says of
   * that must not come after the last line, so it is silent from here on.
   */
  public void stop() {
    isStopping = true;
    spark.sparkContext().setLogLevel("OFF");
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
    try (RunningTasks tasks = RunningTasks.of(spark.sparkContext())) {
      return execute(output, tasks);
    } finally {
      clean(output);
      spark.sparkContext().clearJobGroup();
    }
  }

  private Result execute(OutputFolder output, RunningTasks tasks) {
    try {
      Result result = doExecute(output);
      report(output, result.stopReason().isEmpty() ? "done" : "stopped", result.stopReason());
      return result;
    } catch (Exception e) {
      // Spark throws checked exceptions that it does not declare.
      if (!tasks.awaitEnd(FOR_TASKS)) {
        LOG.warn("Tasks are still underway; the next run removes what they leave");
      }
      if (Failures.problems(e).isEmpty() || !isUntouched(output)) {
        report(output, isStopping ? "interrupted" : "failed", Optional.of(Failures.reason(e)));
      }
      throw e instanceof RuntimeException known
          ? known
          : new IllegalStateException(Failures.reason(e), e);
    }
  }

  /**
   * Checks everything and plans, without writing anything.
   *
   * @throws ProblemsException where the model, the device or the table is of no use
   */
  public DryRun dryRun() throws IOException {
    PromptTable table = planner.table();
    Model model = models.apply(config);
    planner.checkDriver(model);
    Dataset<Row> planned = planner.images(table, model);
    Planner.Work work = planner.missing(planned, DryRun.finished(spark, config, hadoop.value()));
    planner.checkExecutors(work, run(model, PictureStore.inRows(true, true)));
    return DryRun.of(config, model, RowCounts.Planned.of(planned), work, hadoop.value());
  }

  private Result doExecute(OutputFolder output) throws IOException {
    PromptTable table = planner.table();
    Model model = models.apply(config);
    report.model(model);
    planner.checkDriver(model);
    Preflight.warnOfSize(model, config.sampling());
    StructType schema = table.columns().appendedTo(ResultColumns.SCHEMA);
    ResultStore rows = ResultStore.open(spark, config.output().table(), output, schema);
    Dataset<Row> planned = planner.images(table, model).persist(StorageLevel.DISK_ONLY());
    try {
      RowCounts.Planned counts = RowCounts.Planned.of(planned);
      FailedRows failed = new FailedRows(config.output().maxFailedRows(), counts, runId, rows);
      Optional<String> stop = failed.tooMany(RowCounts.Made.NONE);
      if (stop.isPresent()) {
        return result(output, RowCounts.stopped(counts), stop);
      }
      Planner.Work work = planner.missing(planned, rows.rows(FinishedImages.READ));
      GenerationRun run = run(model, store(output));
      planner.checkExecutors(work, run);
      RowCounts.Made made;
      try (GroupedGeneration groups = groups(work, run, schema, rows)) {
        made = generate(work.batches(), groups, failed);
      }
      RunCounts total = RowCounts.total(counts, work.batches().images(), made);
      Result result = ended(output, rows, total, failed.tooMany(made));
      if (config.output().gallery()) {
        gallery(model, result, planned).write(rows, output);
      }
      return result;
    } finally {
      planned.unpersist();
    }
  }

  private GenerationRun run(Model model, PictureStore store) {
    return new GenerationRun(runId, model, config.execution(), store);
  }

  private Result ended(
      OutputFolder output, ResultStore rows, RunCounts counts, Optional<String> stopReason)
      throws IOException {
    Result result = result(output, counts, stopReason);
    if (stopReason.isEmpty() && config.output().overwrite().removesEarlier()) {
      LOG.info("Removing what earlier runs left");
      rows.removeOtherRuns();
      UnnamedPictures.delete(spark, output, rows, hadoop);
    }
    return result;
  }

  private Gallery gallery(Model model, Result result, Dataset<Row> planned) {
    return new Gallery(new Gallery.Run(config, model, result.counts(), result.seconds()), planned);
  }

  private GroupedGeneration groups(
      Planner.Work work, GenerationRun run, StructType schema, ResultStore rows) {
    GenerateImages images = new GenerateImages(run, counters, hadoop);
    return new GroupedGeneration(spark, runId, work.arranged(), images, schema, rows);
  }

  private RowCounts.Made generate(BatchPlan batches, GroupedGeneration groups, FailedRows failed)
      throws IOException {
    LOG.info(
        "{} images to make in {} partitions, {} groups",
        batches.images(),
        batches.partitions().size(),
        batches.groups().size());
    try (Progress progress =
        Progress.start(spark.sparkContext(), counters.images().id(), batches.images(), display)) {
      RowCounts.Made made =
          groups.run(batches.groups(), so -> isStopping || failed.tooMany(so).isPresent());
      if (isStopping) {
        throw new IllegalStateException("Cannot go on: the run was stopped by a signal");
      }
      return made;
    }
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
