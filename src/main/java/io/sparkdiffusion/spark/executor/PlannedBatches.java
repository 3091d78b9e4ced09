package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.table.RequestColumns;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.function.Function;
import org.apache.spark.sql.Row;

/**
 * Pulls planned images, some ahead so that their texts can be encoded together, until a batch is
 * full; rows that have failed already come between batches.
 */
final class PlannedBatches implements Iterator<PlannedBatches.Piece> {

  private final Iterator<FiledRows.Filed> planned;
  private final BatchSizes sizes;
  private final Function<PlannedImage, BatchMaker> makers;
  private final Queue<PlannedImage> ahead = new ArrayDeque<>();
  private final Map<String, List<PlannedImage>> waiting = new LinkedHashMap<>();
  private final Queue<Piece> pieces = new ArrayDeque<>();

  /** What a task works off. */
  sealed interface Piece {}

  /** A row that nothing is made for. */
  record FailedRow(Row planned) implements Piece {}

  /**
   * Images with the same batch key.
   *
   * @param most images in a batch, which is filled up to it where the device holds as many
   */
  record Batch(List<PlannedImage> images, int most) implements Piece {}

  /**
   * Over a task's rows.
   *
   * @param makers asked with the first image: a task that has only failed rows loads no model
   */
  PlannedBatches(
      Iterator<FiledRows.Filed> planned,
      BatchSizes sizes,
      Function<PlannedImage, BatchMaker> makers) {
    this.planned = planned;
    this.sizes = sizes;
    this.makers = makers;
  }

  @Override
  public boolean hasNext() {
    while (pieces.isEmpty() && lookAhead()) {
      accept(ahead.remove());
    }
    if (pieces.isEmpty() && !waiting.isEmpty()) {
      addBatch(waiting.keySet().iterator().next());
    }
    return !pieces.isEmpty();
  }

  @Override
  public Piece next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return pieces.remove();
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
    PlannedImage first = ahead.element();
    BatchMaker maker = makers.apply(first);
    for (int i = 1; i < maker.imagesAhead() && planned.hasNext(); i++) {
      take(planned.next());
    }
    maker.expect(ahead.stream().filter(image -> image.loras().equals(first.loras())).toList());
  }

  private void take(FiledRows.Filed filed) {
    if (RequestColumns.isFailed(filed.planned())) {
      pieces.add(new FailedRow(filed.planned()));
    } else {
      ahead.add(PlannedImage.of(filed));
    }
  }

  private void accept(PlannedImage image) {
    List<PlannedImage> batch = waiting.computeIfAbsent(image.batchKey(), any -> new ArrayList<>());
    batch.add(image);
    if (batch.size() == sizes.of(image.batchKey())) {
      addBatch(image.batchKey());
    }
  }

  private void addBatch(String key) {
    pieces.add(new Batch(waiting.remove(key), sizes.of(key)));
  }
}
