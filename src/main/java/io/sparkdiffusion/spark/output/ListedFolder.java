package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.spark.table.LiteralPath;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Rows as Parquet under {@code rows/} of the output folder; a list of its files commits a group.
 */
final class ListedFolder implements ResultStore {

  private final GroupWriter writer;
  private final OutputFolder output;
  private final GroupManifests manifests;
  private final Map<Integer, List<String>> staged = new ConcurrentHashMap<>();

  private ListedFolder(GroupWriter writer, OutputFolder output, GroupManifests manifests) {
    this.writer = writer;
    this.output = output;
    this.manifests = manifests;
  }

  /** Opens the folder for the run that holds it, and removes what dead runs have left. */
  static ListedFolder open(SparkSession spark, GroupWriter writer, OutputFolder output)
      throws IOException {
    GroupManifests manifests = output.manifests(spark);
    manifests.removeUnfinished();
    return new ListedFolder(writer, output, manifests);
  }

  @Override
  public Optional<Dataset<Row>> rows(StructType columns) throws IOException {
    return rows(writer.session(), manifests, output.rows(), columns);
  }

  /** The rows of committed groups, nothing where there are none. */
  static Optional<Dataset<Row>> rows(
      SparkSession spark, GroupManifests manifests, String rows, StructType columns)
      throws IOException {
    List<String> files = manifests.committed().values().stream().flatMap(List::stream).toList();
    return files.isEmpty()
        ? Optional.empty()
        : Optional.of(
            spark.read().schema(columns).option("basePath", rows).parquet(LiteralPath.of(files)));
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
  public Dataset<Row> stage(Dataset<Row> results, int group) throws IOException {
    output.requireHeld();
    manifests.mark();
    Path folder = manifests.groupFolder(output.groupName(group));
    output.begun(folder);
    staged.put(group, writer.write(results, folder));
    return writer.read(staged.get(group), results.schema());
  }

  @Override
  public void commit(int group) throws IOException {
    output.requireHeld();
    String name = output.groupName(group);
    List<Path> written = staged.remove(group).stream().map(Path::new).toList();
    // A store may have taken the list and its answer been lost: then the files must stay.
    output.finished(manifests.groupFolder(name));
    manifests.commit(name, written, new Path(output.staging()));
  }

  @Override
  public void removeEarlierRuns() throws IOException {
    for (String group : manifests.committed().keySet()) {
      if (group.compareTo(output.runId()) < 0) {
        manifests.remove(group);
      }
    }
  }
}
