package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.PlanImages;
import io.sparkdiffusion.spark.executor.GenerationRun;
import io.sparkdiffusion.spark.executor.Model;
import io.sparkdiffusion.spark.executor.Preflight;
import io.sparkdiffusion.spark.executor.ResultColumns;
import io.sparkdiffusion.spark.table.PromptTable;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Finds out what there is to do, for a run and for a dry one alike. It writes nothing. */
final class Planner {

  private final SparkSession spark;
  private final JobConfig config;
  private final SerializableConfiguration hadoop;

  Planner(SparkSession spark, JobConfig config, SerializableConfiguration hadoop) {
    this.spark = spark;
    this.config = config;
    this.hadoop = hadoop;
  }

  /**
   * Images that are to be made.
   *
   * @param images as planned, with the picture that each replaces
   * @param batches how they are divided
   */
  record Work(Dataset<Row> images, ImageNumbers numbers, BatchPlan batches) {

    boolean isNone() {
      return batches.images() == 0;
    }

    /** The images in their partitions. */
    JavaRDD<Row> arranged() {
      return batches.arrange(images, numbers);
    }
  }

  /**
   * Reads the table of prompts.
   *
   * @throws ProblemsException where it is of no use, or its ids are null or occur twice
   */
  PromptTable table() {
    PromptTable table =
        PromptTable.read(spark, config.input(), config.sampling().seed(), ResultColumns::isTaken);
    table.checkIds();
    return table;
  }

  /** All images that a table asks for, those among them that cannot be made too. */
  Dataset<Row> images(PromptTable table, Model model) {
    return PlanImages.of(table, config.sampling(), config.execution(), model);
  }

  /**
   * What is not there yet.
   *
   * @param earlier rows of earlier runs, with the columns of {@link FinishedImages#READ}
   */
  Work missing(Dataset<Row> images, Optional<Dataset<Row>> earlier) {
    Dataset<Row> missing =
        new FinishedImages(config.output(), numbered()).removedFrom(images, earlier);
    ImageNumbers numbers = ImageNumbers.of(missing);
    return new Work(missing, numbers, BatchPlan.of(numbers.demands(), sizes()));
  }

  private Optional<NumberedFiles> numbered() {
    return config.input() instanceof InputConfig.Single && config.output().format().hasPngFiles()
        ? Optional.of(new NumberedFiles(config.output().directory(), hadoop))
        : Optional.empty();
  }

  private BatchPlan.Sizes sizes() {
    return new BatchPlan.Sizes(
        config.execution().perDeviceBatchSize(), slots(), config.output().commitGroupImages());
  }

  private int slots() {
    SparkContext context = spark.sparkContext();
    return slots(
        context.isLocal(),
        context.defaultParallelism(),
        context.conf().getInt("spark.task.cpus", 1));
  }

  /**
   * How many tasks run at once. Spark's parallelism counts processors, of which a task may take
   * several. On a cluster, where executors may come later, there are two slots at least.
   */
  static int slots(boolean isLocal, int parallelism, int taskCpus) {
    return Math.max(isLocal ? 1 : 2, parallelism / taskCpus);
  }

  /**
   * Makes sure that this machine has what is asked for.
   *
   * @throws ProblemsException where it has not
   */
  void checkDriver(Model model) {
    Preflight.checkDriver(spark.sparkContext(), model, config.execution());
  }

  /**
   * Makes sure that executors can do the work, where there is any.
   *
   * @throws ProblemsException where one of them cannot
   */
  void checkExecutors(Work work, GenerationRun run) {
    if (!work.isNone()) {
      Preflight.checkExecutors(spark.sparkContext(), run, hadoop);
    }
  }
}
