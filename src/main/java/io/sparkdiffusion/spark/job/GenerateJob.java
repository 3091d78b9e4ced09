package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.Counted;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.executor.GenerateImages;
import io.sparkdiffusion.spark.executor.GenerationCounters;
import io.sparkdiffusion.spark.executor.GenerationRun;
import io.sparkdiffusion.spark.executor.Preflight;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.Heartbeats;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.output.LostOutputException;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.OutputLock;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.output.RunIds;
import io.sparkdiffusion.spark.output.UnnamedImages;
import io.sparkdiffusion.spark.plan.BatchPlan;
import io.sparkdiffusion.spark.plan.FewImages;
import io.sparkdiffusion.spark.plan.FinishedImages;
import io.sparkdiffusion.spark.plan.PlannedImages;
import io.sparkdiffusion.spark.plan.RowCounts;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.report.Gallery;
import io.sparkdiffusion.spark.report.LeftOut;
import io.sparkdiffusion.spark.report.Progress;
import io.sparkdiffusion.spark.report.ProgressDisplay;
import io.sparkdiffusion.spark.report.RunReport;
import io.sparkdiffusion.spark.report.RunSeconds;
import io.sparkdiffusion.spark.table.MissingFileSystems;
import io.sparkdiffusion.spark.table.PromptTable;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the images of a table of prompts that are not there yet. */
public final class GenerateJob {

  private static final Logger LOG = LoggerFactory.getLogger(GenerateJob.class);

  /** Cancelled tasks end their batch first; what they write must not come after the cleaning. */
  private static final Duration FOR_TASKS = Duration.ofSeconds(15);

  private final SparkSession spark;
  private final JobConfig config;

  /** Of Spark's jobs. */
  private final String jobGroup = UUID.randomUUID().toString();

  private final SerializableConfiguration hadoop;
  private final Planner planner;
  private final GenerationCounters counters;
  private final RunReport report;
  private Function<JobConfig, Model> models;
  private ProgressDisplay display = ProgressDisplay.log();
  private Heartbeats heartbeats = OutputLock.HEARTBEATS;
  private InstantSource clock = InstantSource.system();
  private volatile boolean isStopping;

  /** A job that logs its progress. */
  public GenerateJob(SparkSession spark, JobConfig config) {
    this.spark = spark;
    this.config = config;
    this.hadoop = new SerializableConfiguration(spark.sessionState().newHadoopConf());
    this.planner = new Planner(spark, config, hadoop);
    this.counters = GenerationCounters.register(spark.sparkContext());
    this.report = new RunReport(config, spark.version(), counters);
    this.models =
        settings ->
            Model.open(
                settings.model(),
                settings.execution(),
                settings.sampling().get(Parameters.SCHEDULER),
                hadoop.value());
  }

  /**
   * Refuses a table that should be on this machine and is not, before Spark is started.
   *
   * @throws ProblemsException where it is missing
   */
  public static void requireLocalTable(JobConfig config, SparkConf conf) {
    PromptTable.requireLocal(config.input(), conf);
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

  /** Shows at other times that it is alive. */
  GenerateJob heartbeats(Heartbeats other) {
    this.heartbeats = other;
    return this;
  }

  /** Runs under another clock. */
  GenerateJob clock(InstantSource other) {
    this.clock = other;
    return this;
  }

  /**
   * What a run did.
   *
   * @param page that shows the images, where there is one
   * @param stopReason why it was stopped early, empty where it was not
   * @param leftOut executors and machines that Spark has left out, each with the reason
   */
  public record Result(
      String runId,
      String outputFolder,
      Optional<String> page,
      RunCounts counts,
      RunSeconds seconds,
      Optional<String> stopReason,
      List<String> leftOut) {

    private Result withPage(String file) {
      return new Result(
          runId, outputFolder, Optional.of(file), counts, seconds, stopReason, leftOut);
    }

    private Result withLeftOut(List<String> lines) {
      return new Result(runId, outputFolder, page, counts, seconds, stopReason, lines);
    }
  }

  /**
   * Drops the groups underway and ends {@link #execute()}, from another thread; what Spark says of
   * that must not come after the last line, so it is silent from here on.
   */
  public void stop() {
    isStopping = true;
    spark.sparkContext().setLogLevel("OFF");
    spark.sparkContext().cancelJobGroup(jobGroup);
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
    MissingFileSystems.refuse(config, hadoop.value());
    OutputFolder output =
        OutputFolder.open(
            config.output().directory(),
            config.output().commit(),
            RunIds.next(clock),
            hadoop.value(),
            heartbeats);
    output.whenLost(() -> spark.sparkContext().cancelJobGroup(jobGroup));
    spark.sparkContext().setJobGroup(jobGroup, "Generate images: " + config.runName(), false);
    try (RunningTasks tasks = RunningTasks.of(spark.sparkContext());
        LeftOut leftOut = LeftOut.of(spark.sparkContext())) {
      report.leftOut(leftOut);
      Result result = execute(output, tasks);
      return result.withLeftOut(leftOut.lines());
    } finally {
      clean(output);
      spark.sparkContext().clearJobGroup();
    }
  }

  private Result execute(OutputFolder output, RunningTasks tasks) {
    try {
      Result result = doExecute(output);
      report.write(output, result.stopReason().isEmpty() ? "done" : "stopped", result.stopReason());
      return result;
    } catch (Exception | Error e) {
      // Spark throws checked exceptions that it does not declare.
      if (!tasks.awaitEnd(FOR_TASKS)) {
        LOG.warn("Tasks are still underway; the next run removes what they leave");
      }
      throw new RunFailure(output, report).told(e, isStopping);
    }
  }

  /**
   * Checks everything and plans, without writing anything.
   *
   * @throws ProblemsException where the model, the device or the table is of no use
   */
  public DryRun dryRun() throws IOException {
    MissingFileSystems.refuse(config, hadoop.value());
    Planner.Table table = planner.table();
    Model opened = models.apply(config);
    ExecutionConfig execution = planner.settled(opened);
    Models settled = planner.models(table, opened).settled(execution);
    try (PlannedImages planned = planner.images(table, settled, execution)) {
      Planner.Work work =
          planner.missing(
              table,
              planned,
              ResultStore.earlier(spark, config.output(), hadoop.value(), FinishedImages.READ),
              execution);
      planner.checkExecutors(
          work, new GenerationRun("", settled, execution, ImageStore.inRows(true, true)));
      return DryRun.of(config, settled, planned.counts(), work, hadoop.value());
    }
  }

  private Result doExecute(OutputFolder output) throws IOException {
    Planner.Table table = planner.table();
    Model opened = models.apply(config);
    report.model(opened);
    ExecutionConfig execution = planner.settled(opened);
    report.settled(execution);
    Models all = planner.models(table, opened).settled(execution);
    report.models(all);
    Preflight.warn(all, config.sampling());
    StructType schema = table.resultSchema();
    RunOutput writes = new RunOutput(config, output);
    ResultStore rows = writes.rows(planner.sessionFor(table, output), schema);
    try (PlannedImages planned = planner.images(table, all, execution).kept()) {
      RowCounts.Planned counts = planned.counts();
      FailedRows failed =
          new FailedRows(config.output().maxFailedRows(), counts, output.runId(), rows);
      Optional<String> stop = failed.tooMany(RowCounts.Made.NONE);
      if (stop.isPresent()) {
        return result(output, RowCounts.stopped(counts), stop);
      }
      Planner.Work work =
          planner.missing(table, planned, rows.rows(FinishedImages.READ), execution);
      GenerationRun run = new GenerationRun(output.runId(), all, execution, writes.images());
      planner.checkExecutors(work, run);
      RowCounts.Made made;
      try (GroupedGeneration groups = groups(work, run, schema, rows)) {
        made = generate(work.batches(), groups, failed);
      }
      RunCounts total = RowCounts.total(counts, work.batches().images(), made);
      Result result = ended(output, rows, total, failed.tooMany(made));
      return config.output().gallery()
              && gallery(all.usual(), result, planned, table).write(rows, output)
          ? result.withPage(config.output().directory() + "/index.html")
          : result;
    }
  }

  private Result ended(
      OutputFolder output, ResultStore rows, RunCounts counts, Optional<String> stopReason)
      throws IOException {
    Result result = result(output, counts, stopReason);
    if (stopReason.isEmpty() && config.output().overwrite().removesEarlier()) {
      LOG.info("Removing what earlier runs left");
      rows.removeEarlierRuns();
      UnnamedImages.delete(spark, output, rows, hadoop);
    }
    return result;
  }

  private Gallery gallery(Model model, Result result, PlannedImages planned, Planner.Table table) {
    return new Gallery(
        new Gallery.Run(config, model, result.counts(), result.seconds()),
        planned,
        table.prompts().files());
  }

  private GroupedGeneration groups(
      Planner.Work work, GenerationRun run, StructType schema, ResultStore rows) {
    GenerateImages images = new GenerateImages(run, work.batches().batchSizes(), counters, hadoop);
    GroupedGeneration groups =
        new GroupedGeneration(spark, jobGroup, work.made(images), schema, rows);
    return work.batches().images() > FewImages.MOST ? groups : groups.ofFew();
  }

  private RowCounts.Made generate(BatchPlan batches, GroupedGeneration groups, FailedRows failed)
      throws IOException {
    LOG.info(
        "{} to make in {}, {}{}",
        Counted.of(batches.images(), "image"),
        Counted.of(batches.partitions().size(), "partition"),
        Counted.of(batches.groups().size(), "group"),
        batches.imagesByLoras().size() > 1 ? ", " + DryRun.sets(batches) : "");
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

  private Result result(OutputFolder output, RunCounts counts, Optional<String> stopReason) {
    report.counts(counts);
    return new Result(
        output.runId(),
        output.root(),
        Optional.empty(),
        counts,
        report.seconds(),
        stopReason,
        List.of());
  }

  private static void clean(OutputFolder output) {
    try {
      output.close();
    } catch (LostOutputException e) {
      LOG.debug("The folder is another run's by now", e);
    } catch (IOException e) {
      LOG.warn("Cannot remove the run's staging folder: {}", e.getMessage());
    }
  }
}
