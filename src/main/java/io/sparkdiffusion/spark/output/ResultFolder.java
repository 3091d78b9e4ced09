package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.spark.table.LiteralPath;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Rows as Parquet under {@code rows/} of the output folder; a rename commits a group. */
record ResultFolder(GroupWriter writer, OutputFolder output) implements ResultStore {

  @Override
  public Optional<Dataset<Row>> rows(StructType columns) throws IOException {
    return output.hasRows()
        ? Optional.of(rows(session(), output.rows(), columns))
        : Optional.empty();
  }

  /** The rows of a folder that is there. */
  static Dataset<Row> rows(SparkSession spark, String folder, StructType columns) {
    return spark.read().schema(columns).parquet(LiteralPath.of(folder));
  }

  @Override
  public Dataset<Row> rowsOf(List<String> files, StructType columns) {
    return writer.read(files, columns);
  }

  @Override
  public boolean readsByFile() {
    return true;
  }

  @Override
  public SparkSession session() {
    return writer.session();
  }

  @Override
  public Dataset<Row> stage(Dataset<Row> results, int group) {
    Path folder = new Path(output.stagedGroup(group));
    return writer.read(writer.write(results, folder), results.schema());
  }

  @Override
  public void commit(int group) throws IOException {
    output.commit(group);
  }

  @Override
  public void removeEarlierRuns() throws IOException {
    output.removeEarlierGroups();
  }
}
