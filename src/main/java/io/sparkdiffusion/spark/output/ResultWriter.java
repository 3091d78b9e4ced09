package io.sparkdiffusion.spark.output;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Writes results as Parquet. The format's defaults are made for small values: the first look at a
 * page's size comes after 100 rows, which are some 50 MB of images.
 */
final class ResultWriter {

  private static final long ROW_GROUP_BYTES = 128L << 20;

  private ResultWriter() {}

  static void write(Dataset<Row> results, String folder) {
    results
        .write()
        .option("parquet.page.size.row.check.min", "2")
        .option("parquet.page.size.row.check.max", "10")
        .option("parquet.block.size", Long.toString(ROW_GROUP_BYTES))
        .option("parquet.enable.dictionary#image.bytes", "false")
        .parquet(folder);
  }
}
