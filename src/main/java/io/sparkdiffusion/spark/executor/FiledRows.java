package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.table.RequestColumns;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import org.apache.spark.sql.Row;

/**
 * A task's planned images, each with its file where the table holds that: in the order in which the
 * table is read again, so that one file is held at a time. Files of rows that are not this task's
 * are passed over.
 */
final class FiledRows implements Iterator<FiledRows.Filed> {

  private final Queue<Filed> ready = new ArrayDeque<>();
  private final Map<String, List<Row>> waiting = new LinkedHashMap<>();
  private final Iterator<Row> files;

  /**
   * A planned image.
   *
   * @param file that it starts from; nothing where the table does not hold it, any more or at all
   */
  record Filed(Row planned, Optional<byte[]> file) {}

  /** Joins planned images, of which a task has few and which hold no pixels, with their files. */
  FiledRows(Iterator<Row> planned, Iterator<Row> files) {
    this.files = files;
    planned.forEachRemaining(
        row -> {
          if (RequestColumns.hasFileInTable(row)) {
            waiting.computeIfAbsent(row.getString(0), any -> new ArrayList<>()).add(row);
          } else {
            ready.add(new Filed(row, Optional.empty()));
          }
        });
  }

  /** Of a table without files, as they come. */
  static Iterator<Filed> without(Iterator<Row> planned) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return planned.hasNext();
      }

      @Override
      public Filed next() {
        return new Filed(planned.next(), Optional.empty());
      }
    };
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && !waiting.isEmpty() && files.hasNext()) {
      Row file = files.next();
      add(waiting.remove(file.getString(0)), Optional.ofNullable(file.getAs(1)));
    }
    if (ready.isEmpty() && !waiting.isEmpty()) {
      add(waiting.remove(waiting.keySet().iterator().next()), Optional.empty());
    }
    return !ready.isEmpty();
  }

  private void add(List<Row> planned, Optional<byte[]> file) {
    if (planned != null) {
      planned.forEach(row -> ready.add(new Filed(row, file)));
    }
  }

  @Override
  public Filed next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}
