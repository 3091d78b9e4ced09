package io.sparkdiffusion.spark.output;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max;

import io.sparkdiffusion.config.OutputConfig;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Where result rows are kept. Groups are staged alike and committed as the store does it. */
public sealed interface ResultStore
    permits ResultFolder, ListedFolder, ResultTable, NumberedImages {

  /** The column by which the newest row of an image is found. */
  String RUN_ID = "run_id";

  /**
   * Opens the rows of a run's output.
   *
   * @param table the catalog table that takes them, empty where the output folder does
   * @param schema of the results
   * @throws io.sparkdiffusion.config.ProblemsException where the table cannot take them
   */
  static ResultStore open(SparkSession spark, String table, OutputFolder output, StructType schema)
      throws IOException {
    GroupWriter writer = GroupWriter.of(spark, output.way());
    if (!table.isEmpty()) {
      return ResultTable.open(spark, table, writer, output, schema);
    }
    return switch (output.way()) {
      case RENAME -> new ResultFolder(writer, output);
      case MANIFEST -> ListedFolder.open(spark, writer, output);
    };
  }

  /**
   * The committed rows of an output that nobody has opened, read without touching it.
   *
   * @param columns to read
   */
  static Optional<Dataset<Row>> earlier(
      SparkSession spark, OutputConfig output, Configuration hadoop, StructType columns)
      throws IOException {
    if (!output.table().isEmpty()) {
      return spark.catalog().tableExists(output.table())
          ? Optional.of(ResultTable.rows(spark, output.table(), columns))
          : Optional.empty();
    }
    Path root = new Path(output.directory());
    FileSystem files = root.getFileSystem(hadoop);
    Path rows = files.makeQualified(new Path(root, "rows"));
    return switch (CommitWay.of(output.commit(), files, root)) {
      case RENAME ->
          files.exists(rows)
              ? Optional.of(ResultFolder.rows(spark, rows.toString(), columns))
              : Optional.empty();
      case MANIFEST ->
          ListedFolder.rows(
              spark, GroupManifests.readOnly(spark, files, rows), rows.toString(), columns);
    };
  }

  /**
   * All committed rows, nothing where there cannot be any yet.
   *
   * @param columns to read
   */
  Optional<Dataset<Row>> rows(StructType columns) throws IOException;

  /**
   * The rows of some of its files, or all rows where {@link #readsByFile} does not hold.
   *
   * @param columns to read
   */
  Dataset<Row> rowsOf(List<String> files, StructType columns);

  /** Whether some files can be read without the others. */
  boolean readsByFile();

  /** The session whose datasets {@link #stage} takes. */
  SparkSession session();

  /**
   * Writes a group's rows where nobody counts them yet.
   *
   * @return what has been written
   */
  Dataset<Row> stage(Dataset<Row> results, int group) throws IOException;

  /**
   * Makes a group's staged rows visible, all at once.
   *
   * @throws IOException where that fails, or another run has taken over
   */
  void commit(int group) throws IOException;

  /** Removes the rows of runs that sort before this one. */
  void removeEarlierRuns() throws IOException;

  /**
   * The last of the runs that have rows here and do not sort before a given one; there is none
   * where clocks have always gone right.
   */
  default Optional<String> newestRun(String from) throws IOException {
    Optional<Dataset<Row>> all = rows(new StructType().add(RUN_ID, DataTypes.StringType));
    if (all.isEmpty()) {
      return Optional.empty();
    }
    Dataset<Row> later = all.get().filter(col(RUN_ID).geq(from)).select(RUN_ID);
    return later.isEmpty()
        ? Optional.empty()
        : Optional.of(later.agg(max(RUN_ID)).head().getString(0));
  }
}
