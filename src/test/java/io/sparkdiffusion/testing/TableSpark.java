package io.sparkdiffusion.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.delta.sql.DeltaSparkSessionExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.apache.spark.sql.SparkSession;

/** A session with tables: {@code lake} is an Iceberg catalog, Spark's own catalog is Delta's. */
public final class TableSpark {

  private static final boolean HAS_TABLES =
      !org.apache.spark.package$.MODULE$.SPARK_VERSION().startsWith("4.2.");

  private static final SparkSession SESSION = start();

  private TableSpark() {}

  /** Leaves out a test of tables where Spark is newer than every release of Iceberg and Delta. */
  public static void assumeTables() {
    assumeTrue(HAS_TABLES, "No release of Iceberg or Delta runs on Spark 4.2");
  }

  /** The session, in the Spark that all tests share. */
  public static SparkSession session() {
    return SESSION;
  }

  /** Extensions can be given only to a session that is not there yet. */
  private static SparkSession start() {
    SparkSession usual = LocalSpark.session();
    if (!HAS_TABLES) {
      return usual.newSession();
    }
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
