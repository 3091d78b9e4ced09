package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.spark.output.DaemonThreads;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.plan.BatchPlan;
import io.sparkdiffusion.spark.plan.RowCounts;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;

/**
 * Makes planned images group by group. A group's rows appear in the output together once all are
 * there. Two groups are underway at a time, each a Spark job of its own: Spark serves the older
 * first, so that the next one takes the slots that wait for the last one's stragglers.
 */
final class GroupedGeneration implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(GroupedGeneration.class);
  private static final int UNDERWAY = 2;
  private static final int SECONDS_TO_END = 60;

  private final SparkSession spark;
  private final String jobGroup;
  private final JavaRDD<Row> made;
  private final StructType resultSchema;
  private final ResultStore rows;
  private boolean areFew;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(UNDERWAY, DaemonThreads.named("spark-diffusion-group"));

  /**
   * Nothing is made yet.
   *
   * @param made the results of all planned partitions, each made when it is asked for
   */
  GroupedGeneration(
      SparkSession spark,
      String jobGroup,
      JavaRDD<Row> made,
      StructType resultSchema,
      ResultStore rows) {
    this.spark = spark;
    this.jobGroup = jobGroup;
    this.made = made;
    this.resultSchema = resultSchema;
    this.rows = rows;
  }

  /** Has the driver count what has been made: for few images that is sooner done. */
  GroupedGeneration ofFew() {
    areFew = true;
    return this;
  }

  /**
   * Makes and commits the groups. Where one fails, those that are finished stay.
   *
   * @param isEnough no further group begins once this holds for what has been made
   * @throws IOException where a group cannot be committed
   */
  RowCounts.Made run(List<BatchPlan.Group> groups, Predicate<RowCounts.Made> isEnough)
      throws IOException {
    CompletionService<RowCounts.Made> finished = new ExecutorCompletionService<>(threads);
    Iterator<BatchPlan.Group> waiting = groups.iterator();
    RowCounts.Made made = RowCounts.Made.NONE;
    int underway = 0;
    while (true) {
      while (underway < UNDERWAY && waiting.hasNext() && !isEnough.test(made)) {
        BatchPlan.Group group = waiting.next();
        finished.submit(() -> make(group, groups.size()));
        underway++;
      }
      if (underway == 0) {
        return made;
      }
      made = made.plus(next(finished));
      underway--;
    }
  }

  private static RowCounts.Made next(CompletionService<RowCounts.Made> finished)
      throws IOException {
    try {
      return finished.take().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e.getCause() instanceof RuntimeException known
          ? known
          : new IllegalStateException(Failures.reason(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Cannot go on: the job was interrupted", e);
    }
  }

  private RowCounts.Made make(BatchPlan.Group group, int groups) throws IOException {
    String what = "Generate images: group %s of %s".formatted(group.number() + 1, groups);
    spark.sparkContext().setJobGroup(jobGroup, what, false);
    Dataset<Row> staged = rows.stage(results(group), group.number());
    RowCounts.Made made = areFew ? RowCounts.Made.ofFew(staged) : RowCounts.Made.of(staged);
    rows.commit(group.number());
    LOG.info("Committed group {} of {}", group.number() + 1, groups);
    return made;
  }

  /** Not a data frame of rows: that reads Scala's signatures on every executor, for a second. */
  private Dataset<Row> results(BatchPlan.Group group) {
    return rows.session().createDataset(partitions(group).rdd(), Encoders.row(resultSchema));
  }

  private JavaRDD<Row> partitions(BatchPlan.Group group) {
    Function1<Object, Object> isOfGroup =
        (Function1<Object, Object> & Serializable) partition -> group.contains((Integer) partition);
    return PartitionPruningRDD.create(made.rdd(), isOfGroup).toJavaRDD();
  }

  /** Ends what is still underway. */
  @Override
  public void close() {
    spark.sparkContext().cancelJobGroup(jobGroup);
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
        LOG.warn("A group is still being worked on after {} s", SECONDS_TO_END);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
