package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.table.RequestColumns;
import org.apache.spark.sql.Row;

/**
 * An image that is to be made: its row of {@link RequestColumns}, and the request in it, which is
 * read once.
 */
record PlannedImage(Row row, ImageRequest request) {

  /** Reads a row that has not failed. */
  static PlannedImage of(Row row) {
    return new PlannedImage(row, RequestColumns.request(row));
  }

  String batchKey() {
    return row.getString(RequestColumns.BATCH_KEY);
  }

  String requestHash() {
    return row.getString(RequestColumns.REQUEST_HASH);
  }
}
