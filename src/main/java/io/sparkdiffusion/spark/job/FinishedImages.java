package io.sparkdiffusion.spark.job;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.spark.executor.ResultColumns;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * What earlier runs have left in the output. For each image the newest run counts: its picture is
 * skipped where the request is the same and it was kept in every form that is asked for now. A
 * failure before generation, which the next run would repeat word by word, is not written again.
 */
final class FinishedImages {

  private static final StructType READ =
      new StructType()
          .add("id", StringType)
          .add("image_index", IntegerType)
          .add("request_hash", StringType)
          .add("error", StringType)
          .add("status", StringType)
          .add("output_format", StringType)
          .add("run_id", StringType);

  private final SparkSession spark;
  private final OutputFolder output;
  private final OutputFormat format;

  FinishedImages(SparkSession spark, OutputFolder output, OutputFormat format) {
    this.spark = spark;
    this.output = output;
    this.format = format;
  }

  /** The planned images without those that are there. */
  Dataset<Row> removedFrom(Dataset<Row> planned) throws IOException {
    if (!output.hasRows()) {
      return planned;
    }
    Dataset<Row> done = newest().filter(isDone()).withColumn("content", content()).as("done");
    Dataset<Row> wanted = planned.withColumn("content", content()).as("wanted");
    return wanted
        .join(
            done,
            col("wanted.id")
                .equalTo(col("done.id"))
                .and(col("wanted.image_index").equalTo(col("done.image_index")))
                .and(col("wanted.content").equalTo(col("done.content"))),
            "left_anti")
        .drop("content");
  }

  private Dataset<Row> newest() {
    Column all =
        struct(Arrays.stream(READ.fieldNames()).map(name -> col(name)).toArray(Column[]::new));
    return spark
        .read()
        .schema(READ)
        .parquet(output.rows())
        .groupBy("id", "image_index")
        .agg(max_by(all, col("run_id")).as("newest"))
        .select("newest.*");
  }

  /** The request's hash or, for a row that asks for nothing possible, the reason. */
  private static Column content() {
    return coalesce(col("request_hash"), col("error"));
  }

  private Column isDone() {
    Object[] forms =
        Arrays.stream(OutputFormat.values())
            .filter(kept -> covers(kept))
            .map(kept -> kept.name().toLowerCase(Locale.ROOT))
            .toArray();
    Column isKept =
        col("status").equalTo(ResultColumns.GENERATED).and(col("output_format").isin(forms));
    return isKept.or(col("request_hash").isNull());
  }

  private boolean covers(OutputFormat kept) {
    return (kept.hasBytesInRows() || !format.hasBytesInRows())
        && (kept.hasPngFiles() || !format.hasPngFiles());
  }
}
