package io.sparkdiffusion.testing;

import io.delta.sql.DeltaSparkSessionExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.apache.spark.sql.SparkSession;

/** A session with tables: {@code lake} is an Iceberg catalog, Spark's own catalog is Delta's. */
public final class TableSpark {

  private static final SparkSession SESSION = start();

  private TableSpark() {}

  /** The session, in the Spark that all tests share. */
  public static SparkSession session() {
    return SESSION;
  }

  /** Extensions can be given only to a session that is not there yet. */
  private static SparkSession start() {
    SparkSession usual = LocalSpark.session();
    SparkSession.clearActiveSession();
    SparkSession.clearDefaultSession();
    try {
      return SparkSession.builder()
          .withExtensions(new DeltaSparkSessionExtension())
          .config("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog")
          .config("spark.sql.catalog.lake.type", "hadoop")
          .config("spark.sql.catalog.lake.warehouse", warehouse())
          // What it keeps in mind of a table it keeps for good.
          .config("spark.sql.catalog.lake.cache.expiration-interval-ms", "-1")
          .config(
              "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
          .config("spark.databricks.delta.snapshotPartitions", "1")
          .getOrCreate();
    } finally {
      SparkSession.setDefaultSession(usual);
      SparkSession.setActiveSession(usual);
    }
  }

  private static String warehouse() {
    try {
      return Files.createTempDirectory("spark-diffusion-lake").toUri().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
