package io.sparkdiffusion.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.countDistinct;

import io.sparkdiffusion.config.FailureLimit;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.plan.RowCounts;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Holds the failed rows of a run against {@code max_failed_rows}, each row once. The number of
 * failed images is never too small; only where it exceeds the limit Spark counts the committed rows
 * that they belong to. The driver holds no id.
 */
final class FailedRows {

  private static final StructType READ =
      new StructType()
          .add("id", DataTypes.StringType)
          .add("request_hash", DataTypes.StringType)
          .add("status", DataTypes.StringType)
          .add("run_id", DataTypes.StringType);

  private final FailureLimit limit;
  private final RowCounts.Planned planned;
  private final String runId;
  private final ResultStore rows;

  /**
   * Failed images beyond the first of their rows. Too small where groups are committed that are not
   * yet added up, never too large.
   */
  private long countedTwice;

  /**
   * Nothing has been made yet.
   *
   * @param rows where the run's groups are committed
   */
  FailedRows(FailureLimit limit, RowCounts.Planned planned, String runId, ResultStore rows) {
    this.limit = limit;
    this.planned = planned;
    this.runId = runId;
    this.rows = rows;
  }

  /**
   * Why the run has to end, nothing where it may go on.
   *
   * @param made the groups that are committed, added up; some more may be committed by now
   */
  Optional<String> tooMany(RowCounts.Made made) {
    if (!limit.isExceeded(atMost(made), planned.rows())) {
      return Optional.empty();
    }
    if (made.failed() > 0) {
      countedTwice = Math.max(0, made.failed() - committed());
    }
    long failedRows = atMost(made);
    return limit.isExceeded(failedRows, planned.rows())
        ? Optional.of(
            "Stopped: %s of %s rows failed, more than max_failed_rows allows (%s)"
                .formatted(failedRows, planned.rows(), limit))
        : Optional.empty();
  }

  private long atMost(RowCounts.Made made) {
    return planned.failed() + made.failed() - countedTwice;
  }

  private long committed() {
    try {
      return rows.rows(READ).map(this::failedIds).orElse(0L);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot count the failed rows: " + e.getMessage(), e);
    }
  }

  private long failedIds(Dataset<Row> all) {
    return all.filter(
            col("run_id")
                .equalTo(runId)
                .and(col("status").equalTo(ResultColumns.FAILED))
                .and(col("request_hash").isNotNull()))
        .agg(countDistinct(col("id")))
        .head()
        .getLong(0);
  }
}
