package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Makes result rows from planned images and what became of them. */
final class ResultRows {

  /** Those that both schemas begin with. */
  private static final int REQUEST_VALUES =
      ResultColumns.SCHEMA.fieldIndex(ResultColumns.REPLACES) + 1;

  private static final double NANOS_PER_SECOND = 1e9;

  private final GenerationRun run;

  ResultRows(GenerationRun run) {
    this.run = run;
  }

  Row generated(Row planned, ImageResult.Generated result, WrittenImage image, String provenance) {
    Object[] values = common(planned, ResultColumns.GENERATED);
    set(values, "token_count", result.promptText().tokenCount());
    set(values, "negative_token_count", result.negativeText().tokenCount());
    set(values, "lost_text", result.promptText().lostText());
    set(values, "negative_lost_text", result.negativeText().lostText());
    set(values, "image", RowFactory.create(image.bytes(), image.path()));
    set(values, "sha256", image.sha256());
    set(values, "inference_seconds", result.inference().toNanos() / NANOS_PER_SECOND);
    set(values, "provenance", provenance);
    return RowFactory.create(values);
  }

  Row failed(Row planned, String reason) {
    Object[] values = common(planned, ResultColumns.FAILED);
    set(values, ResultColumns.REPLACES, null);
    set(values, "error", reason);
    return RowFactory.create(values);
  }

  /** The request's values, which stand first in both schemas, and the columns that pass through. */
  private Object[] common(Row planned, String status) {
    int passedThrough = planned.size() - RequestColumns.COUNT;
    Object[] values = new Object[ResultColumns.SCHEMA.size() + passedThrough];
    for (int i = 0; i < REQUEST_VALUES; i++) {
      values[i] = planned.get(i);
    }
    for (int i = 0; i < passedThrough; i++) {
      values[ResultColumns.SCHEMA.size() + i] = planned.get(RequestColumns.COUNT + i);
    }
    set(values, "status", status);
    set(values, "output_format", run.store().format().name().toLowerCase(Locale.ROOT));
    set(values, "run_id", run.runId());
    return values;
  }

  private static void set(Object[] values, String column, Object value) {
    values[ResultColumns.SCHEMA.fieldIndex(column)] = value;
  }
}
