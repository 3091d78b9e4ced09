package io.sparkdiffusion.spark.executor;

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
 * batch, so that a task holds the pictures of one batch and no more.
 */
public final class GenerateImages implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final GenerationRun run;
  private final GenerationCounters counters;
  private final SerializableConfiguration hadoop;

  /** The function of one run. */
  public GenerateImages(
      GenerationRun run, GenerationCounters counters, SerializableConfiguration hadoop) {
    this.run = run;
    this.counters = counters;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> planned) {
    return new Results(planned);
  }

  /** Pulls planned images until a batch is full, and hands out its results. */
  private final class Results implements Iterator<Row> {

    private final Iterator<Row> planned;
    private final Map<String, List<Row>> waiting = new LinkedHashMap<>();
    private final Queue<Row> done = new ArrayDeque<>();
    private BatchWorker worker;

    private Results(Iterator<Row> planned) {
      this.planned = planned;
    }

    @Override
    public boolean hasNext() {
      while (done.isEmpty() && planned.hasNext()) {
        accept(planned.next());
      }
      if (done.isEmpty() && !waiting.isEmpty()) {
        work(waiting.keySet().iterator().next());
      }
      return !done.isEmpty();
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

    private void accept(Row row) {
      if (RequestColumns.isFailed(row)) {
        GenerationMetrics.ofThisJvm().imageFailed();
        done.add(new ResultRows(run).failed(row, row.getString(RequestColumns.ERROR)));
        return;
      }
      String key = row.getString(RequestColumns.BATCH_KEY);
      List<Row> batch = waiting.computeIfAbsent(key, any -> new ArrayList<>());
      batch.add(row);
      if (batch.size() == run.execution().perDeviceBatchSize()) {
        work(key);
      }
    }

    /** A task that has only failed rows loads no model. */
    private void work(String key) {
      endIfCancelled();
      if (worker == null) {
        worker = new BatchWorker(run, counters, hadoop.value());
      }
      done.addAll(worker.work(waiting.remove(key)));
    }
  }
}
