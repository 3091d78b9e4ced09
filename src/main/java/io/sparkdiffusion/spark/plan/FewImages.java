package io.sparkdiffusion.spark.plan;

import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.table.RequestColumns;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Planned images that the driver holds, which takes no query of Spark's. */
public final class FewImages implements PlannedImages {

  /** Rows that ask for more images are left to Spark. */
  public static final int MOST = 20_000;

  /** More numbers in the place of their texts, 8 MB, make images many too. */
  static final int MOST_NUMBERS = 2 << 20;

  private static final int HEIGHT = RequestColumns.SCHEMA.fieldIndex("height");
  private static final int LORAS = RequestColumns.SCHEMA.fieldIndex(Parameters.LORAS.name());
  private static final int WIDTH = RequestColumns.SCHEMA.fieldIndex("width");

  /** Spark's order of texts is that of their bytes. */
  private static final Comparator<Row> BY_ID =
      Comparator.<Row, UTF8String>comparing(row -> UTF8String.fromString(row.getString(0)))
          .thenComparingInt(row -> row.getInt(1));

  private final SparkSession spark;
  private final StructType schema;
  private final List<Row> images;

  FewImages(SparkSession spark, StructType schema, List<Row> images) {
    this.spark = spark;
    this.schema = schema;
    this.images = images;
  }

  /** All images of a table, nothing where they are many or take much memory. */
  public static Optional<FewImages> of(SparkSession spark, StructType schema, Stream<Row> images) {
    List<Row> all = new ArrayList<>();
    long numbers = 0;
    for (Row row : (Iterable<Row>) images::iterator) {
      all.add(row);
      numbers += RequestColumns.embeddedNumbers(row);
      if (all.size() > MOST || numbers > MOST_NUMBERS) {
        return Optional.empty();
      }
    }
    return Optional.of(new FewImages(spark, schema, all));
  }

  @Override
  public FewImages kept() {
    return this;
  }

  @Override
  public RowCounts.Planned counts() {
    return RowCounts.Planned.of(images);
  }

  /** What earlier runs have left may be much, so that Spark looks through it. */
  @Override
  public FewImages without(FinishedImages finished, Optional<Dataset<Row>> earlier) {
    return earlier.isEmpty()
        ? this
        : new FewImages(
            spark,
            schema,
            finished.removedFrom(spark.createDataFrame(images, schema), earlier).collectAsList());
  }

  @Override
  public List<BatchPlan.Demand> demands() {
    List<BatchPlan.Demand> demands = new ArrayList<>();
    byBatchKey()
        .forEach(
            (key, rows) ->
                demands.add(
                    new BatchPlan.Demand(key, rows.size(), cost(rows.get(0)), loras(rows.get(0)))));
    return demands;
  }

  private static String loras(Row row) {
    return row.isNullAt(LORAS) ? "" : row.getString(LORAS);
  }

  private Map<String, List<Row>> byBatchKey() {
    Map<String, List<Row>> rows = new HashMap<>();
    images.forEach(
        row ->
            rows.computeIfAbsent(row.getString(RequestColumns.BATCH_KEY), any -> new ArrayList<>())
                .add(row));
    return rows;
  }

  private static double cost(Row row) {
    return RequestColumns.isFailed(row)
        ? 0
        : (double) RequestColumns.steps(row) * row.getInt(HEIGHT) * row.getInt(WIDTH);
  }

  /** Numbers are those of {@link ImageNumbers}: by bucket, id and index. */
  @Override
  public JavaRDD<Row> arranged(BatchPlan batches) {
    List<List<Row>> arranged = inPartitions(batches);
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(arranged, Math.max(1, arranged.size()))
        .flatMap(List::iterator);
  }

  @Override
  public TablePartitions tablePartitions(BatchPlan batches) {
    List<List<Row>> arranged = inPartitions(batches);
    TablePartitions partitions = new TablePartitions(Math.max(1, arranged.size()));
    for (int i = 0; i < arranged.size(); i++) {
      for (Row row : arranged.get(i)) {
        if (RequestColumns.hasFileInTable(row)) {
          partitions.add(i, row.getInt(RequestColumns.TABLE_PARTITION));
        }
      }
    }
    return partitions;
  }

  private List<List<Row>> inPartitions(BatchPlan batches) {
    int partitions = batches.partitions().size();
    List<List<Row>> arranged = new ArrayList<>();
    IntStream.range(0, partitions).forEach(any -> arranged.add(new ArrayList<>()));
    Comparator<Row> byBucket = Comparator.comparingInt(ImageNumbers::bucket);
    byBatchKey()
        .forEach(
            (key, rows) -> {
              rows.sort(byBucket.thenComparing(BY_ID));
              for (int number = 0; number < rows.size(); number++) {
                arranged.get(batches.partition(key, number)).add(rows.get(number));
              }
            });
    return arranged;
  }

  @Override
  public long steps() {
    return images.stream().mapToLong(RequestColumns::steps).sum();
  }

  @Override
  public List<Row> first(int most) {
    return images.stream()
        .filter(row -> !row.isNullAt(RequestColumns.BATCH_KEY))
        .sorted(BY_ID)
        .limit(most)
        .toList();
  }

  @Override
  public List<Row> inOrder(int most) {
    return images.stream()
        .limit(most)
        .map(
            row ->
                RowFactory.create(
                    row.getString(0), row.getInt(1), row.get(RequestColumns.TABLE_PARTITION)))
        .toList();
  }

  @Override
  public void close() {}
}
