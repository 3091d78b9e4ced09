package io.sparkdiffusion.spark.plan;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.row_number;

import io.sparkdiffusion.spark.table.RequestColumns;
import java.io.Serializable;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.unsafe.hash.Murmur3_x86_32;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Numbers the images of each batch key from 0, without gaps. Numbers depend on the set of images
 * alone, so that a task that Spark repeats gives the same ones. Many tasks share the work, each
 * numbers the images of some buckets; a bucket begins where the one before it ends.
 */
final class ImageNumbers implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final int BUCKETS = 64;

  /** Of Spark's {@code hash}. */
  private static final int HASH_SEED = 42;

  private static final String BUCKET = "bucket_of_key";
  private static final String NUMBER = "number_in_bucket";

  private final Map<Bucket, Long> firstNumbers = new HashMap<>();
  private final Map<Bucket, Long> images = new HashMap<>();
  private final Map<String, BatchPlan.Demand> demands = new HashMap<>();

  private ImageNumbers() {}

  private record Bucket(String batchKey, int number) implements Serializable {}

  /** Counts the planned images. */
  static ImageNumbers of(Dataset<Row> planned) {
    Column cost =
        RequestColumns.steps().cast("double").multiply(col("height")).multiply(col("width"));
    ImageNumbers numbers = new ImageNumbers();
    planned
        .withColumn(BUCKET, bucket())
        .groupBy("batch_key", BUCKET)
        .agg(count(lit(1)), first(cost), first(coalesce(col("loras"), lit(""))))
        .collectAsList()
        .stream()
        .sorted(Comparator.comparingInt(row -> row.getInt(1)))
        .forEach(
            row ->
                numbers.add(
                    new Bucket(row.getString(0), row.getInt(1)),
                    new BatchPlan.Demand(
                        row.getString(0),
                        row.getLong(2),
                        row.isNullAt(3) ? 0 : row.getDouble(3),
                        row.getString(4))));
    return numbers;
  }

  /** The bucket of an id, as Spark's {@code hash} finds it. */
  static int bucket(String id) {
    UTF8String text = UTF8String.fromString(id);
    int hash =
        Murmur3_x86_32.hashUnsafeBytes(
            text.getBaseObject(), text.getBaseOffset(), text.numBytes(), HASH_SEED);
    return Math.floorMod(hash, BUCKETS);
  }

  /** Rows whose files one partition of the table holds stay together. */
  private static Column bucket() {
    return coalesce(col("table_partition"), pmod(hash(col("id")), lit(BUCKETS)));
  }

  /** The same of a row that is here. */
  static int bucket(Row planned) {
    return planned.isNullAt(RequestColumns.TABLE_PARTITION)
        ? bucket(planned.getString(0))
        : planned.getInt(RequestColumns.TABLE_PARTITION);
  }

  /** Which of the table's partitions the images of each planned partition come from. */
  TablePartitions tablePartitions(BatchPlan plan) {
    TablePartitions partitions = new TablePartitions(Math.max(1, plan.partitions().size()));
    images.forEach(
        (bucket, count) -> {
          long first = firstNumbers.get(bucket);
          int from = plan.partition(bucket.batchKey(), first);
          int to = plan.partition(bucket.batchKey(), first + count - 1);
          for (int partition = from; bucket.batchKey() != null && partition <= to; partition++) {
            partitions.add(partition, bucket.number());
          }
        });
    return partitions;
  }

  private void add(Bucket bucket, BatchPlan.Demand more) {
    BatchPlan.Demand before = demands.get(bucket.batchKey());
    firstNumbers.put(bucket, before == null ? 0L : before.images());
    this.images.put(bucket, more.images());
    demands.put(bucket.batchKey(), before == null ? more : before.plus(more.images()));
  }

  /** How many images there are of each batch key. */
  List<BatchPlan.Demand> demands() {
    return List.copyOf(demands.values());
  }

  /** The planned images, in any order, with two columns more. */
  static Dataset<Row> numbered(Dataset<Row> planned) {
    return planned
        .withColumn(BUCKET, bucket())
        .withColumn(
            NUMBER,
            row_number()
                .over(Window.partitionBy("batch_key", BUCKET).orderBy("id", "image_index")));
  }

  /** The number of an image among those of its batch key. */
  long number(Row numbered) {
    int last = numbered.size() - 1;
    String batchKey = numbered.getString(RequestColumns.BATCH_KEY);
    return firstNumbers.get(new Bucket(batchKey, numbered.getInt(last - 1)))
        + numbered.getInt(last)
        - 1;
  }

  /** The planned image as it was before it was numbered. */
  static Row planned(Row numbered) {
    Object[] values = new Object[numbered.size() - 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbered.get(i);
    }
    return RowFactory.create(values);
  }
}
