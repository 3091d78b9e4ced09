package io.sparkdiffusion.spark.output;

import static org.apache.spark.sql.functions.col;

import io.sparkdiffusion.spark.output.ImageStore.Naming;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * PNG files in an output folder that no row names any more. Tasks list and delete them, so that the
 * driver holds no name; files that are called otherwise than this job's are left alone.
 */
public final class UnnamedImages {

  private static final String PATH = "path";

  private static final StructType READ =
      new StructType()
          .add("image", new StructType().add(PATH, DataTypes.StringType))
          .add("run_id", DataTypes.StringType);

  private UnnamedImages() {}

  /** Deletes those that no row of the running run names. */
  public static void delete(
      SparkSession spark, OutputFolder output, ResultStore rows, SerializableConfiguration hadoop)
      throws IOException {
    Dataset<Row> named =
        rows.rows(READ)
            .orElseGet(() -> spark.createDataFrame(List.<Row>of(), READ))
            .filter(col("run_id").equalTo(output.runId()))
            .select(col("image.path").as(PATH));
    String folder = output.root();
    List<String> namings = Stream.of(Naming.values()).map(Naming::name).toList();
    Dataset<Row> found =
        spark
            .createDataset(namings, Encoders.STRING())
            .flatMap(new Find(folder, hadoop), Encoders.STRING())
            .toDF(PATH);
    found
        .join(named, found.col(PATH).equalTo(named.col(PATH)), "left_anti")
        .as(Encoders.STRING())
        .foreachPartition(new Delete(folder, output.hold(), hadoop));
  }

  /** From a naming to the files that are called so. */
  private record Find(String folder, SerializableConfiguration hadoop)
      implements FlatMapFunction<String, String> {

    @Override
    public Iterator<String> call(String naming) throws IOException {
      Path path = new Path(folder + "/" + Naming.valueOf(naming).folder());
      FileSystem files = path.getFileSystem(hadoop.value());
      try {
        return new Names(files.listStatusIterator(path), Naming.valueOf(naming));
      } catch (FileNotFoundException e) {
        return Collections.emptyIterator();
      }
    }
  }

  /** Walks a folder file by file. */
  private static final class Names implements Iterator<String> {

    private final RemoteIterator<FileStatus> files;
    private final Naming naming;
    private String next;

    Names(RemoteIterator<FileStatus> files, Naming naming) {
      this.files = files;
      this.naming = naming;
    }

    @Override
    public boolean hasNext() {
      try {
        while (next == null && files.hasNext()) {
          String name = files.next().getPath().getName();
          next = naming.matches(name) ? naming.folder() + name : null;
        }
        return next != null;
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot list the images: " + e.getMessage(), e);
      }
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      String found = next;
      next = null;
      return found;
    }
  }

  /** Each name was read while the lock was held, or the lock is lost by now. */
  private record Delete(String folder, OutputHold hold, SerializableConfiguration hadoop)
      implements ForeachPartitionFunction<String> {

    @Override
    public void call(Iterator<String> paths) throws IOException {
      FileSystem files = new Path(folder).getFileSystem(hadoop.value());
      while (paths.hasNext()) {
        Path path = new Path(folder, paths.next());
        hold.require(files);
        files.delete(path, false);
      }
    }
  }
}
