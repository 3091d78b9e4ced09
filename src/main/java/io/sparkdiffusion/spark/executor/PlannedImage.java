package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.table.RequestColumns;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * An image that is to be made: its row of {@link RequestColumns}, and the request in it, which is
 * read once.
 *
 * @param inRow the files of its input images that the table of prompts holds
 */
record PlannedImage(Row row, ImageRequest request, Map<InputImage, byte[]> inRow) {

  /** Reads a row that has not failed. */
  static PlannedImage of(FiledRows.Filed filed) {
    return new PlannedImage(
        filed.planned(), RequestColumns.request(filed.planned()), filed.files());
  }

  String batchKey() {
    return row.getString(RequestColumns.BATCH_KEY);
  }

  String loras() {
    return request.values().get(Parameters.LORAS);
  }

  String requestHash() {
    return row.getString(RequestColumns.REQUEST_HASH);
  }
}
