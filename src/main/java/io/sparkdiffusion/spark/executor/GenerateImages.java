package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Turns planned images ({@link RequestColumns}) into results ({@link ResultColumns}), batch by
 * batch, so that a task holds the images of one batch and no more.
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
    return new Results(planned);
  }

  /**
   * Pulls planned images, some ahead so that their texts can be encoded together, until a batch is
   * full, and hands out its results.
   */
  private final class Results implements Iterator<Row> {

    private final Iterator<Row> planned;
    private final Queue<PlannedImage> ahead = new ArrayDeque<>();
    private final Map<String, List<PlannedImage>> waiting = new LinkedHashMap<>();
    private final Queue<Row> done = new ArrayDeque<>();
    private BatchWorker worker;

    private Results(Iterator<Row> planned) {
      this.planned = planned;
    }

    @Override
    public boolean hasNext() {
      while (done.isEmpty() && lookAhead()) {
        accept(ahead.remove());
      }
      if (done.isEmpty() && !waiting.isEmpty()) {
        work(waiting.keySet().iterator().next());
      }
      if (done.isEmpty() && worker != null) {
        worker.requireHeld(); // what the task has written is about to be kept
      }
      return !done.isEmpty();
    }

    private boolean lookAhead() {
      if (ahead.isEmpty() && planned.hasNext()) {
        take(planned.next());
        if (!ahead.isEmpty()) {
          takeMore();
        }
      }
      return !ahead.isEmpty();
    }

    private void takeMore() {
      for (int i = 1; i < worker().imagesAhead() && planned.hasNext(); i++) {
        take(planned.next());
      }
      worker().expect(List.copyOf(ahead));
    }

    /** A cancelled task ends between two batches. */
    private void endIfCancelled() {
      if (TaskContext.get().isInterrupted()) {
        throw new TaskKilledException("the run was stopped");
      }
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return done.remove();
    }

    private void take(Row row) {
      if (RequestColumns.isFailed(row)) {
        GenerationMetrics.ofThisJvm().imageFailed();
        done.add(new ResultRows(run).failed(row, row.getString(RequestColumns.ERROR)));
      } else {
        ahead.add(PlannedImage.of(row));
      }
    }

    private void accept(PlannedImage image) {
      List<PlannedImage> batch =
          waiting.computeIfAbsent(image.batchKey(), any -> new ArrayList<>());
      batch.add(image);
      if (batch.size() == batchSizes.of(image.batchKey())) {
        work(image.batchKey());
      }
    }

    private void work(String key) {
      done.addAll(worker().work(waiting.remove(key), batchSizes.of(key)));
    }

    /** A task that has only failed rows loads no model. */
    private BatchWorker worker() {
      endIfCancelled();
      if (worker == null) {
        worker = new BatchWorker(run, counters, hadoop.value());
      }
      return worker;
    }
  }
}
