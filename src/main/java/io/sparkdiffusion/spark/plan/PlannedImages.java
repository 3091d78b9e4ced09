package io.sparkdiffusion.spark.plan;

import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The images that a table asks for, as rows of {@link
 * io.sparkdiffusion.spark.table.RequestColumns}, those that cannot be made too. Few are held by the
 * driver, many stay with Spark; both are numbered and divided alike.
 */
public sealed interface PlannedImages extends AutoCloseable permits FewImages, ManyImages {

  /** The same, kept until they are closed where they would be planned anew each time. */
  PlannedImages kept();

  RowCounts.Planned counts();

  /**
   * Those that are to be made, each with the image that it replaces.
   *
   * @param earlier rows of earlier runs, with the columns of {@link FinishedImages#READ}
   */
  PlannedImages without(FinishedImages finished, Optional<Dataset<Row>> earlier);

  /** How many there are of each batch key. */
  List<BatchPlan.Demand> demands();

  /** Every image in its partition. */
  JavaRDD<Row> arranged(BatchPlan batches);

  /** Which of the table's partitions each partition of {@link #arranged} needs. */
  TablePartitions tablePartitions(BatchPlan batches);

  /** The denoising steps of all. */
  long steps();

  /** The first by id and index of those that can be made. */
  List<Row> first(int most);

  /**
   * Of the first ones in the table's order the id, the index and the table's partition that holds
   * their files, null where it holds none.
   */
  List<Row> inOrder(int most);

  /** Frees what Spark keeps of them. */
  @Override
  void close();
}
