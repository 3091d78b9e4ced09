package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.spark.executor.AutoSettings;
import io.sparkdiffusion.spark.executor.GenerateImages;
import io.sparkdiffusion.spark.executor.GenerationRun;
import io.sparkdiffusion.spark.executor.InputReader;
import io.sparkdiffusion.spark.executor.Preflight;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.NumberedFiles;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.plan.BatchPlan;
import io.sparkdiffusion.spark.plan.FewImages;
import io.sparkdiffusion.spark.plan.FinishedImages;
import io.sparkdiffusion.spark.plan.ManyImages;
import io.sparkdiffusion.spark.plan.PlanImages;
import io.sparkdiffusion.spark.plan.PlannedImages;
import io.sparkdiffusion.spark.plan.PlanningSession;
import io.sparkdiffusion.spark.table.InputFiles;
import io.sparkdiffusion.spark.table.MissingFileSystems;
import io.sparkdiffusion.spark.table.PromptTable;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import io.sparkdiffusion.spark.table.UnusableImageException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Finds out what there is to do, for a run and for a dry one alike. It writes nothing. */
final class Planner {

  /** The driver looks into every file of each. */
  private static final int MOST_LORAS = 1000;

  private final SparkSession spark;
  private final JobConfig config;
  private final SerializableConfiguration hadoop;
  private PlanningSession session;

  Planner(SparkSession spark, JobConfig config, SerializableConfiguration hadoop) {
    this.spark = spark;
    this.config = config;
    this.hadoop = hadoop;
  }

  /**
   * A table that has been read and checked.
   *
   * @param few all rows, nothing where they are many
   */
  record Table(PromptTable prompts, Optional<List<Row>> few) {

    /** The columns of a result. */
    StructType resultSchema() {
      return prompts.columns().appendedTo(ResultColumns.SCHEMA);
    }
  }

  /**
   * Images that are to be made.
   *
   * @param images as planned, with the image that each replaces
   * @param batches how they are divided
   * @param files those of the table, where it holds any
   */
  record Work(PlannedImages images, BatchPlan batches, Optional<Dataset<Row>> files) {

    boolean isNone() {
      return batches.images() == 0;
    }

    /**
     * The results of all partitions, each made when it is asked for. A task reads the files that
     * its images start from of the table itself.
     */
    JavaRDD<Row> made(GenerateImages function) {
      JavaRDD<Row> arranged = images.arranged(batches);
      return files.isEmpty()
          ? arranged.mapPartitions(function::call)
          : arranged.zipPartitions(
              images.tablePartitions(batches).of(files.get().toJavaRDD()), function::callWithFiles);
    }
  }

  /**
   * Reads the table of prompts.
   *
   * @throws ProblemsException where it is of no use, or its ids are null or occur twice
   */
  Table table() {
    session = PlanningSession.of(spark);
    PromptTable table =
        PromptTable.read(
            session.forFew(),
            config.input(),
            config.sampling().get(Parameters.SEED),
            ResultColumns::isTaken);
    Optional<List<Row>> few = table.few();
    if (few.isEmpty()) {
      session.setForMany();
      table.checkIds();
    }
    return new Table(table, few);
  }

  /**
   * The session that writes the images: one for little where nothing else is in the output. A
   * catalog's table is the caller's session's, which may know it already.
   */
  SparkSession sessionFor(Table table, OutputFolder output) throws IOException {
    boolean isLittle = table.few().isPresent() && !output.hasRows();
    return isLittle && config.output().table().isEmpty() ? session.forFew() : spark;
  }

  /**
   * The model with each set of LoRAs that rows name.
   *
   * @param usual the job's
   * @throws ProblemsException where there are too many
   */
  Models models(Table table, Model usual) {
    Set<String> cells =
        new HashSet<>(table.prompts().texts(Parameters.LORAS, table.few(), MOST_LORAS));
    cells.remove("");
    return Models.find(
        usual,
        config.model(),
        cells,
        loras -> MissingFileSystems.refuse(loras, hadoop.value()),
        hadoop.value());
  }

  /**
   * All images that a table asks for, those among them that cannot be made too.
   *
   * @throws ProblemsException where the model needs other input images than there are, or those of
   *     a single prompt cannot be used
   */
  PlannedImages images(Table table, Models models, ExecutionConfig execution) {
    Preflight.requireInputs(models.usual(), config.sampling(), table.prompts().columns());
    PlanImages planner =
        PlanImages.of(
            table.prompts().columns(),
            sampling(),
            execution,
            models,
            InputFiles.of(config.input(), hadoop.value()));
    StructType schema = table.prompts().columns().appendedTo(RequestColumns.SCHEMA);
    PlannedImages images = images(table, planner, schema);
    if (config.input() instanceof InputConfig.Single) {
      images.first(1).forEach(this::requireInputs);
    }
    return images;
  }

  private PlannedImages images(Table table, PlanImages planner, StructType schema) {
    return table
        .few()
        .flatMap(rows -> FewImages.of(spark, schema, rows.stream().flatMap(planner::images)))
        .<PlannedImages>map(few -> few)
        .orElseGet(
            () -> new ManyImages(table.prompts().rows().flatMap(planner, Encoders.row(schema))));
  }

  /** What would fail all images of a single prompt is told before any is made. */
  private void requireInputs(Row image) {
    try {
      InputReader.requireUsable(image, hadoop.value());
    } catch (UnusableImageException e) {
      throw new ProblemsException(e.getMessage(), e);
    }
  }

  /**
   * What rows take where they have no value of their own. Images that the job gives them are found
   * here, whose working directory their paths may count from.
   *
   * @throws ProblemsException where it cannot be read
   */
  private Values sampling() {
    Values sampling = config.sampling();
    InputFiles files = InputFiles.ofWorkingFolder(hadoop.value());
    for (InputImage input : InputImage.values()) {
      String given = sampling.get(input.path());
      if (!given.isEmpty()) {
        sampling = sampling.with(input.path().of(found(input, given, files)));
      }
    }
    return sampling;
  }

  private static String found(InputImage input, String given, InputFiles files) {
    try {
      String located = files.located(input, given);
      InputReader.requireImage(input, files.read(input, located));
      return located;
    } catch (UnusableImageException e) {
      throw new ProblemsException(e.getMessage(), e);
    }
  }

  /**
   * What is not there yet.
   *
   * @param earlier rows of earlier runs, with the columns of {@link FinishedImages#READ}
   */
  Work missing(
      Table table,
      PlannedImages images,
      Optional<Dataset<Row>> earlier,
      ExecutionConfig execution) {
    PlannedImages missing =
        images.without(new FinishedImages(config.output(), numbered()), earlier);
    return new Work(
        missing, BatchPlan.of(missing.demands(), sizes(execution)), table.prompts().files());
  }

  private Optional<NumberedFiles> numbered() {
    return config.input() instanceof InputConfig.Single && config.output().format().hasPngFiles()
        ? Optional.of(new NumberedFiles(config.output().directory(), hadoop))
        : Optional.empty();
  }

  private BatchPlan.Sizes sizes(ExecutionConfig execution) {
    return new BatchPlan.Sizes(
        execution.perDeviceBatchSize(), slots(), config.output().commitGroupImages());
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
   * Makes sure that this machine has what is asked for, and asks the devices what is left to them.
   *
   * @throws ProblemsException where it has not
   */
  ExecutionConfig settled(Model model) {
    Preflight.checkDriver(spark.sparkContext(), model, config.execution());
    return AutoSettings.settle(spark.sparkContext(), model.generators(), config.execution());
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
