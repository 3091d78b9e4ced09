package io.sparkdiffusion.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;

import io.sparkdiffusion.spark.executor.RequestColumns;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.PairFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.expressions.Window;
import scala.Tuple2;

/**
 * Which partition an image goes to. Every partition holds a few whole batches of one batch key, so
 * that only the last batch of each key is padded; partitions cost about the same (steps times
 * pixels), and the most expensive come first.
 */
final class BatchPlan {

  /** Partitions for each task slot: enough to even out, few enough to keep files large. */
  private static final int PARTITIONS_PER_SLOT = 8;

  private static final int MOST_BATCHES = 16;
  private static final int FAILURES_PER_PARTITION = 10_000;
  private static final String NUMBER = "number_in_key";

  private final Map<String, Share> shares = new HashMap<>();
  private final List<Integer> imagesInPartitions = new ArrayList<>();
  private long images;

  private BatchPlan() {}

  /** The partitions of one batch key. */
  private record Share(int firstPartition, int imagesPerPartition) implements Serializable {}

  /**
   * Images that may share a batch; no key stands for planned failures, which cost nothing.
   *
   * @param cost of one image, in steps times pixels
   */
  record Demand(String batchKey, long images, double cost) {

    double total() {
      return images * cost;
    }
  }

  /**
   * Plans.
   *
   * @param slots how many tasks run at once
   */
  static BatchPlan of(Dataset<Row> planned, int batchSize, int slots) {
    return of(demands(planned), batchSize, slots);
  }

  private static List<Demand> demands(Dataset<Row> planned) {
    return planned
        .groupBy("batch_key")
        .agg(
            count(lit(1)),
            first(
                col("num_inference_steps")
                    .cast("double")
                    .multiply(col("height"))
                    .multiply(col("width"))))
        .collectAsList()
        .stream()
        .map(r -> new Demand(r.getString(0), r.getLong(1), r.isNullAt(2) ? 0 : r.getDouble(2)))
        .toList();
  }

  static BatchPlan of(List<Demand> demands, int batchSize, int slots) {
    double total = demands.stream().mapToDouble(Demand::total).sum();
    double target = total / ((double) slots * PARTITIONS_PER_SLOT);
    Comparator<Demand> dearestFirst = Comparator.comparingDouble(Demand::cost).reversed();
    BatchPlan plan = new BatchPlan();
    demands.stream()
        .sorted(dearestFirst.thenComparing(demand -> String.valueOf(demand.batchKey())))
        .forEach(demand -> plan.add(demand, imagesPerPartition(demand, batchSize, target)));
    return plan;
  }

  private static int imagesPerPartition(Demand demand, int batchSize, double target) {
    if (demand.batchKey() == null) {
      return FAILURES_PER_PARTITION;
    }
    double batches = Math.floor(target / (demand.cost() * batchSize));
    return batchSize * (int) Math.max(1, Math.min(MOST_BATCHES, batches));
  }

  private void add(Demand demand, int imagesPerPartition) {
    shares.put(demand.batchKey(), new Share(partitions(), imagesPerPartition));
    for (long left = demand.images(); left > 0; left -= imagesPerPartition) {
      imagesInPartitions.add((int) Math.min(left, imagesPerPartition));
    }
    images += demand.batchKey() == null ? 0 : demand.images();
  }

  int partitions() {
    return imagesInPartitions.size();
  }

  /**
   * Neighbouring partitions that are worked off and committed together.
   *
   * @param number from 0
   * @param end the partition after the last one
   */
  record Group(int number, int first, int end) implements Serializable {

    boolean contains(int partition) {
      return first <= partition && partition < end;
    }
  }

  /**
   * All partitions in groups.
   *
   * @param images in each group, at least
   * @param slots how many tasks run at once; a group has work for all of them
   */
  List<Group> groups(int images, int slots) {
    List<Group> groups = new ArrayList<>();
    int first = 0;
    long inGroup = 0;
    for (int partition = 0; partition < partitions(); partition++) {
      inGroup += imagesInPartitions.get(partition);
      int end = partition + 1;
      boolean isFull = inGroup >= images && end - first >= slots;
      if (isFull || end == partitions()) {
        groups.add(new Group(groups.size(), first, end));
        first = end;
        inGroup = 0;
      }
    }
    return groups;
  }

  /** The images to make, planned failures not counted. */
  long images() {
    return images;
  }

  /** Moves every planned image to its partition. */
  JavaRDD<Row> arrange(Dataset<Row> planned) {
    return planned
        .withColumn(
            NUMBER, row_number().over(Window.partitionBy("batch_key").orderBy("id", "image_index")))
        .toJavaRDD()
        .mapToPair(new ToPartition(shares))
        .partitionBy(new ByNumber(partitions()))
        .values();
  }

  private static final class ToPartition implements PairFunction<Row, Integer, Row> {

    private static final long serialVersionUID = 1L;

    private final Map<String, Share> shares;

    ToPartition(Map<String, Share> shares) {
      this.shares = shares;
    }

    @Override
    public Tuple2<Integer, Row> call(Row numbered) {
      Object[] values = new Object[numbered.size() - 1];
      for (int i = 0; i < values.length; i++) {
        values[i] = numbered.get(i);
      }
      Share share = shares.get(numbered.getString(RequestColumns.BATCH_KEY));
      int number = numbered.getInt(values.length) - 1;
      int partition = share.firstPartition() + number / share.imagesPerPartition();
      return new Tuple2<>(partition, RowFactory.create(values));
    }
  }

  /** The key is the partition. */
  private static final class ByNumber extends Partitioner {

    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByNumber(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return (Integer) key;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByNumber that && that.partitions == partitions;
    }

    @Override
    public int hashCode() {
      return partitions;
    }
  }
}
