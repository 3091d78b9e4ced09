package io.sparkdiffusion.spark.job;

import java.io.IOException;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Where result rows are kept. Groups are staged alike and committed as the store does it. */
sealed interface ResultStore permits ResultFolder, ResultTable {

  /**
   * Opens the rows of a run's output.
   *
   * @param table the catalog table that takes them, empty where the output folder does
   * @param schema of the results
   * @throws io.sparkdiffusion.config.ProblemsException where the table cannot take them
   */
  static ResultStore open(
      SparkSession spark, String table, OutputFolder output, StructType schema) {
    return table.isEmpty()
        ? new ResultFolder(spark, output)
        : ResultTable.open(spark, table, output, schema);
  }

  /**
   * All committed rows, nothing where there cannot be any yet.
   *
   * @param columns to read
   */
  Optional<Dataset<Row>> rows(StructType columns) throws IOException;

  /** The folder that a group's rows are written to, as Parquet, before they are committed. */
  String staged(int group);

  /**
   * Makes a group's staged rows visible, all at once.
   *
   * @throws IOException where that fails, or another run has taken over
   */
  void commit(int group) throws IOException;

  /** Removes the rows of all other runs. */
  void removeOtherRuns() throws IOException;
}
