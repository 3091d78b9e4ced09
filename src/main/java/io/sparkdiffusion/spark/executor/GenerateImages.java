package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.plan.PlanImages;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Turns planned images ({@link RequestColumns}) into results ({@link ResultColumns}), batch by
 * batch: a task holds the images of one batch, and on a GPU of the next one besides.
 */
public final class GenerateImages implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final GenerationRun run;
  private final BatchSizes batchSizes;
  private final GenerationCounters counters;
  private final SerializableConfiguration hadoop;

  /** The function of one run. */
  public GenerateImages(
      GenerationRun run,
      BatchSizes batchSizes,
      GenerationCounters counters,
      SerializableConfiguration hadoop) {
    this.run = run;
    this.batchSizes = batchSizes;
    this.counters = counters;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> planned) {
    return new Results(FiledRows.without(planned));
  }

  /**
   * The same where the table holds files of images.
   *
   * @param files id and files of rows, those of the planned images and perhaps others
   */
  public Iterator<Row> callWithFiles(Iterator<Row> planned, Iterator<Row> files) {
    return new Results(new FiledRows(planned, files));
  }

  /** The same for a table's rows, which are planned as they come and may hold files of images. */
  public Iterator<Row> callPlanning(Iterator<Row> table, PlanImages plan) {
    return new Results(FiledRows.planning(table, plan));
  }

  /** Hands out the rows of one piece after another; on a GPU the next one is made meanwhile. */
  private final class Results implements Iterator<Row> {

    private final PlannedBatches pieces;
    private Optional<Supplier<Iterator<Row>>> begun = Optional.empty();
    private Iterator<Row> rows = Collections.emptyIterator();
    private BatchWorker worker;

    private Results(Iterator<FiledRows.Filed> planned) {
      this.pieces = new PlannedBatches(planned, batchSizes, image -> worker(image).maker());
    }

    @Override
    public boolean hasNext() {
      while (!rows.hasNext() && (begun.isPresent() || pieces.hasNext())) {
        endIfCancelled();
        rows = begun.orElseGet(this::beginNext).get();
        begun = worksAhead() ? Optional.of(beginNext()) : Optional.empty();
      }
      if (!rows.hasNext() && worker != null) {
        worker.requireHeld(); // what the task has written is about to be kept
        worker.maker().close();
      }
      return rows.hasNext();
    }

    private boolean worksAhead() {
      return worker != null && worker.worksAhead() && pieces.hasNext();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return rows.next();
    }

    private Supplier<Iterator<Row>> beginNext() {
      PlannedBatches.Piece piece = pieces.next();
      return piece instanceof PlannedBatches.Batch batch
          ? worker(batch.images().get(0)).begin(batch)
          : () -> failed(((PlannedBatches.FailedRow) piece).planned());
    }

    private Iterator<Row> failed(Row planned) {
      GenerationMetrics.ofThisJvm().imageFailed();
      String error = planned.getString(RequestColumns.ERROR);
      return List.of(new ResultRows(run).failed(planned, error)).iterator();
    }

    /** A task that has only failed rows loads no model, and one of several has one at a time. */
    private BatchWorker worker(PlannedImage next) {
      endIfCancelled();
      Model model = run.models().of(next.request());
      if (worker == null || !worker.isOf(model)) {
        if (worker != null) {
          worker.maker().close();
        }
        worker = new BatchWorker(run, model, counters, hadoop.value());
      }
      return worker;
    }

    /** A cancelled task ends between two batches. */
    private void endIfCancelled() {
      if (TaskContext.get().isInterrupted()) {
        throw new TaskKilledException("the run was stopped");
      }
    }
  }
}
