package io.sparkdiffusion.spark.plan;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.sum;

import io.sparkdiffusion.spark.table.RequestColumns;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/** Planned images that Spark counts and divides, so that the driver holds no row. */
public final class ManyImages implements PlannedImages {

  private final Dataset<Row> images;
  private ImageNumbers numbers;

  public ManyImages(Dataset<Row> images) {
    this.images = images;
  }

  @Override
  public ManyImages kept() {
    images.persist(StorageLevel.DISK_ONLY());
    return this;
  }

  @Override
  public RowCounts.Planned counts() {
    return RowCounts.Planned.of(images);
  }

  @Override
  public ManyImages without(FinishedImages finished, Optional<Dataset<Row>> earlier) {
    return new ManyImages(finished.removedFrom(images, earlier));
  }

  @Override
  public List<BatchPlan.Demand> demands() {
    return numbers().demands();
  }

  private ImageNumbers numbers() {
    if (numbers == null) {
      numbers = ImageNumbers.of(images);
    }
    return numbers;
  }

  @Override
  public JavaRDD<Row> arranged(BatchPlan batches) {
    return batches.arrange(images, numbers());
  }

  @Override
  public TablePartitions tablePartitions(BatchPlan batches) {
    return numbers().tablePartitions(batches);
  }

  @Override
  public long steps() {
    return images.agg(sum(RequestColumns.steps())).head().getLong(0);
  }

  @Override
  public List<Row> first(int most) {
    return images
        .filter(col("request_hash").isNotNull())
        .orderBy("id", "image_index")
        .limit(most)
        .collectAsList();
  }

  @Override
  public List<Row> inOrder(int most) {
    return images.select("id", "image_index", "table_partition").takeAsList(most);
  }

  @Override
  public void close() {
    images.unpersist();
  }
}
