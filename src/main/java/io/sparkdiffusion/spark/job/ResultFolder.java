package io.sparkdiffusion.spark.job;

import java.io.IOException;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Rows as Parquet under {@code rows/} of the output folder; a rename commits a group. */
record ResultFolder(SparkSession spark, OutputFolder output) implements ResultStore {

  @Override
  public Optional<Dataset<Row>> rows(StructType columns) throws IOException {
    return output.hasRows()
        ? Optional.of(spark.read().schema(columns).parquet(output.rows()))
        : Optional.empty();
  }

  @Override
  public String staged(int group) {
    return output.stagedGroup(group);
  }

  @Override
  public void commit(int group) throws IOException {
    output.commit(group);
  }

  @Override
  public void removeOtherRuns() throws IOException {
    output.removeOtherGroups();
  }
}
