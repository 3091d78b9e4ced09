package io.sparkdiffusion.testing;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/** Which images there are, to compare two outputs. */
public final class ImageLines {

  private ImageLines() {}

  /** A line for each result row, sorted: id, path and digest of its image. */
  public static List<String> of(Dataset<Row> rows) {
    return rows
        .selectExpr("concat_ws(' ', id, image.path, sha256)")
        .as(Encoders.STRING())
        .collectAsList()
        .stream()
        .sorted()
        .toList();
  }
}
