package io.sparkdiffusion.spark.job;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The rows of a folder whose groups are listed, as docs/operations.md tells other readers. */
final class ListedRows {

  private ListedRows() {}

  static Dataset<Row> of(SparkSession spark, String rows) {
    String[] files =
        spark
            .read()
            .schema("files array<string>")
            .json(rows + "/_manifests/*.json")
            .selectExpr("explode(files)")
            .as(Encoders.STRING())
            .collectAsList()
            .stream()
            .map(file -> rows + "/" + file)
            .toArray(String[]::new);
    return spark.read().option("basePath", rows).parquet(files);
  }
}
