package io.sparkdiffusion.spark.output;

import static org.apache.spark.sql.functions.col;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of {@code prompt=}, whose PNG files have the same names whatever they show. They get
 * them right before the rows that name them are committed: where a run is killed in between, the
 * next one finds no row, or one whose file is another one, and makes the image again.
 */
public final class NumberedImages implements ResultStore {

  private final ResultStore rows;
  private final OutputFolder output;
  private final Map<Integer, List<String>> staged = new ConcurrentHashMap<>();

  public NumberedImages(ResultStore rows, OutputFolder output) {
    this.rows = rows;
    this.output = output;
  }

  @Override
  public Optional<Dataset<Row>> rows(StructType columns) throws IOException {
    return rows.rows(columns);
  }

  @Override
  public Dataset<Row> rowsOf(List<String> files, StructType columns) {
    return rows.rowsOf(files, columns);
  }

  @Override
  public boolean readsByFile() {
    return rows.readsByFile();
  }

  @Override
  public SparkSession session() {
    return rows.session();
  }

  @Override
  public Dataset<Row> stage(Dataset<Row> results, int group) throws IOException {
    Dataset<Row> written = rows.stage(results, group);
    staged.put(
        group,
        written
            .select(col("image.path").as("path"))
            .filter(col("path").isNotNull())
            .as(Encoders.STRING())
            .collectAsList());
    return written;
  }

  @Override
  public void commit(int group) throws IOException {
    output.place(staged.remove(group));
    rows.commit(group);
  }

  @Override
  public void removeEarlierRuns() throws IOException {
    rows.removeEarlierRuns();
  }
}
