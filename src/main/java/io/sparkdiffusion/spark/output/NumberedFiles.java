package io.sparkdiffusion.spark.output;

import static org.apache.spark.sql.functions.col;

import io.sparkdiffusion.util.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The numbered PNG files of an output folder. Every prompt gives them the same names, so that a row
 * alone does not say what a file shows.
 */
public record NumberedFiles(String folder, SerializableConfiguration hadoop)
    implements FilterFunction<Row> {

  /**
   * The names of files that are not what their rows say, or not there.
   *
   * @param newest path and SHA-256, of one row for each image
   */
  public List<String> unlike(Dataset<Row> newest) {
    return newest
        .filter(col("path").isNotNull())
        .filter(this)
        .select("path")
        .as(Encoders.STRING())
        .collectAsList();
  }

  /** Whether a file is another one than its row says. */
  @Override
  public boolean call(Row row) throws IOException {
    Path file = new Path(folder, row.getString(0));
    // Written without the checksum that Hadoop may remember of an earlier file.
    FileSystem files = WholeFiles.raw(file.getFileSystem(hadoop.value()));
    try (FSDataInputStream in = files.open(file)) {
      return !Sha256.of(in.readAllBytes()).equals(row.getString(1));
    } catch (FileNotFoundException e) {
      return true;
    }
  }
}
