package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.spark.table.BothSparks;
import io.sparkdiffusion.spark.table.LiteralPath;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Writes a group's rows as Parquet without a rename that is not atomic.
 *
 * @param session whose datasets are written so
 */
record GroupWriter(SparkSession session, CommitWay way) {

  private static final String PROTOCOL = "spark.sql.sources.commitProtocolClass";

  /** The caller's session keeps its own way of writing. */
  static GroupWriter of(SparkSession spark, CommitWay way) {
    if (way == CommitWay.RENAME) {
      return new GroupWriter(spark, way);
    }
    SparkSession session = BothSparks.copyOf(spark);
    session.conf().set(PROTOCOL, DirectCommit.class.getName());
    return new GroupWriter(session, way);
  }

  /**
   * Writes.
   *
   * @param results a dataset of {@link #session}
   * @param folder that is not there yet
   * @return the paths that hold these rows and no others
   */
  List<String> write(Dataset<Row> results, Path folder) {
    ResultWriter.write(results, folder.toString());
    return way == CommitWay.RENAME ? List.of(folder.toString()) : DirectCommit.takeWritten(folder);
  }

  /** What has been written. */
  Dataset<Row> read(List<String> paths, StructType schema) {
    return session.read().schema(schema).parquet(LiteralPath.of(paths));
  }
}
