package io.sparkdiffusion.spark.plan;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import io.sparkdiffusion.config.OutputConfig;
import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.spark.output.NumberedFiles;
import io.sparkdiffusion.spark.output.RunIds;
import io.sparkdiffusion.spark.table.Columns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * What earlier runs have left in the output. For each image the newest run counts ({@link RunIds}):
 * its image is skipped where the request is the same and it was kept in every form that is asked
 * for now, unless all is to be made again. A failure before generation, which the next run would
 * repeat word by word, is not written again.
 */
public final class FinishedImages {

  /** What is read of earlier rows. */
  public static final StructType READ =
      new StructType()
          .add("id", StringType)
          .add("image_index", IntegerType)
          .add("request_hash", StringType)
          .add("error", StringType)
          .add("status", StringType)
          .add("output_format", StringType)
          .add("run_id", StringType)
          .add("sha256", StringType)
          .add("image", new StructType().add("path", StringType));

  private final OutputConfig config;
  private final Optional<NumberedFiles> numbered;

  /**
   * What counts for an output.
   *
   * @param numbered the folder of numbered PNG files, where there are any
   */
  public FinishedImages(OutputConfig config, Optional<NumberedFiles> numbered) {
    this.config = config;
    this.numbered = numbered;
  }

  /**
   * The planned images that are to be made, each with the image that it replaces.
   *
   * @param rows of earlier runs, with the columns of {@link #READ}
   */
  Dataset<Row> removedFrom(Dataset<Row> planned, Optional<Dataset<Row>> rows) {
    return rows.isEmpty() ? planned : removed(planned, newest(rows.get()));
  }

  private Dataset<Row> removed(Dataset<Row> planned, Dataset<Row> earlier) {
    Dataset<Row> joined =
        planned.join(
            earlier,
            planned
                .col("id")
                .equalTo(earlier.col("id"))
                .and(planned.col("image_index").equalTo(earlier.col("image_index"))),
            "left_outer");
    boolean makesAll = config.overwrite().makesAll();
    Column isThere =
        earlier
            .col("newest.is_kept")
            .and(content(planned).equalTo(earlier.col("newest.content")))
            .and(isIntact(earlier, makesAll));
    Dataset<Row> wanted = makesAll ? joined : joined.filter(not(coalesce(isThere, lit(false))));
    Column image = earlier.col("made");
    Column replaced = when(image.notEqual(planned.col("request_hash")), image);
    Column[] columns =
        Arrays.stream(planned.columns())
            .map(
                name ->
                    name.equals(ResultColumns.REPLACES)
                        ? replaced.as(name)
                        : planned.col(Columns.quoted(name)))
            .toArray(Column[]::new);
    return wanted.select(columns);
  }

  /** A numbered file may have come from another prompt whose row was not committed any more. */
  private Column isIntact(Dataset<Row> earlier, boolean makesAll) {
    Object[] others =
        numbered
            .filter(any -> !makesAll)
            .map(files -> files.unlike(earlier.select("newest.path", "newest.sha256")))
            .orElse(List.of())
            .toArray();
    return others.length == 0
        ? lit(true)
        : coalesce(not(earlier.col("newest.path").isin(others)), lit(true));
  }

  /** For each image what its newest row says, and the request hash of its newest image. */
  private Dataset<Row> newest(Dataset<Row> rows) {
    Column isImage = col("status").equalTo(ResultColumns.GENERATED);
    Column all =
        struct(
            content(rows).as("content"),
            isKept().as("is_kept"),
            col("image.path").as("path"),
            col("sha256"));
    return rows.groupBy("id", "image_index")
        .agg(
            max_by(all, col("run_id")).as("newest"),
            max_by(col("request_hash"), when(isImage, col("run_id"))).as("made"));
  }

  /** The request's hash or, for a row that asks for nothing possible, the reason. */
  private static Column content(Dataset<Row> rows) {
    return coalesce(rows.col("request_hash"), rows.col("error"));
  }

  private Column isKept() {
    Object[] forms =
        Arrays.stream(OutputFormat.values())
            .filter(kept -> covers(kept))
            .map(kept -> kept.name().toLowerCase(Locale.ROOT))
            .toArray();
    Column isImage = col("status").equalTo(ResultColumns.GENERATED);
    return isImage.and(col("output_format").isin(forms)).or(col("request_hash").isNull());
  }

  private boolean covers(OutputFormat kept) {
    OutputFormat wanted = config.format();
    return (kept.hasBytesInRows() || !wanted.hasBytesInRows())
        && (kept.hasPngFiles() || !wanted.hasPngFiles());
  }
}
