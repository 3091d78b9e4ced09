package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.FailureLimit;
import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.spark.output.HandBeats;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.plan.RowCounts;
import io.sparkdiffusion.spark.table.ResultColumns;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of ten planned rows one has failed before generation. */
class FailedRowsTest {

  private static final StructType SCHEMA =
      StructType.fromDDL("id STRING, request_hash STRING, status STRING, run_id STRING");

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  /** Beside it are a good one, one of an earlier run, and the one that was planned as failed. */
  @Test
  void countsARowOnceThatHasFailedInTwoGroups() throws IOException {
    commit(0, failed("twice", "hash0"), failed("bad", null));
    commit(1, failed("twice", "hash1"), row("good", "hash2", ResultColumns.GENERATED, "run"));
    commit(2, row("other", "hash3", ResultColumns.FAILED, "earlier"));
    assertThat(tooMany(2, 2)).isEmpty();
    assertThat(tooMany(1, 2))
        .contains("Stopped: 2 of 10 rows failed, more than max_failed_rows allows (1)");
  }

  /** Groups are committed before they are added up. */
  @Test
  void countsNothingForGroupsThatAreNotAddedUpYet() throws IOException {
    commit(0, failed("a", "hash0"));
    commit(1, failed("b", "hash1"), failed("c", "hash2"));
    assertThat(tooMany(1, 1))
        .contains("Stopped: 2 of 10 rows failed, more than max_failed_rows allows (1)");
  }

  private static Row failed(String id, String hash) {
    return row(id, hash, ResultColumns.FAILED, "run");
  }

  private static Row row(String id, String hash, String status, String runId) {
    return RowFactory.create(id, hash, status, runId);
  }

  private void commit(int group, Row... rows) {
    spark
        .createDataFrame(Arrays.asList(rows), SCHEMA)
        .write()
        .parquet(folder.resolve("rows/group=run-" + group).toString());
  }

  private Optional<String> tooMany(int limit, int addedUp) throws IOException {
    try (OutputFolder output =
        OutputFolder.open(
            folder.toString(), OutputCommit.RENAME, "run", new Configuration(), new HandBeats())) {
      ResultStore rows = ResultStore.open(spark, "", output, SCHEMA);
      RowCounts.Planned planned = new RowCounts.Planned(10, 10, 1, Map.of());
      return new FailedRows(new FailureLimit.Count(limit), planned, "run", rows)
          .tooMany(new RowCounts.Made(0, addedUp, 0, 0, Map.of()));
    }
  }
}
