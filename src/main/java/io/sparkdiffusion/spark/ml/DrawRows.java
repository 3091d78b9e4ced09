package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.spark.executor.GenerateImages;
import io.sparkdiffusion.spark.plan.PlanImages;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * From the rows of a table to their images in one step, so that the files that rows hold go no
 * further than the task that reads them.
 */
record DrawRows(PlanImages plan, GenerateImages images) implements MapPartitionsFunction<Row, Row> {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return images.callPlanning(rows, plan);
  }
}
