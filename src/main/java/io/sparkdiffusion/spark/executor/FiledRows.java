package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.spark.plan.PlanImages;
import io.sparkdiffusion.spark.table.RequestColumns;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Row;

/**
 * A task's planned images, each with its files where the table holds them: in the order in which
 * the table is read again, so that one row's are held at a time. Files of rows that are not this
 * task's are passed over.
 */
final class FiledRows implements Iterator<FiledRows.Filed> {

  private final Queue<Filed> ready = new ArrayDeque<>();
  private final Map<String, List<Row>> waiting = new LinkedHashMap<>();
  private final Iterator<Row> files;

  /**
   * A planned image.
   *
   * @param files of its input images, those that the table still holds
   */
  record Filed(Row planned, Map<InputImage, byte[]> files) {

    /** An image whose files the table does not hold. */
    Filed(Row planned) {
      this(planned, Map.of());
    }
  }

  /** Joins planned images, of which a task has few and which hold no pixels, with their files. */
  FiledRows(Iterator<Row> planned, Iterator<Row> files) {
    this.files = files;
    planned.forEachRemaining(
        row -> {
          if (RequestColumns.hasFileInTable(row)) {
            waiting.computeIfAbsent(row.getString(0), any -> new ArrayList<>()).add(row);
          } else {
            ready.add(new Filed(row));
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
        return new Filed(planned.next());
      }
    };
  }

  /** The images of a table's rows that hold their files, planned as they come. */
  static Iterator<Filed> planning(Iterator<Row> table, PlanImages plan) {
    Iterable<Row> rows = () -> table;
    return StreamSupport.stream(rows.spliterator(), false)
        .flatMap(
            row -> {
              Map<InputImage, byte[]> files = plan.files(row);
              return plan.images(row).map(planned -> new Filed(planned, files));
            })
        .iterator();
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && !waiting.isEmpty() && files.hasNext()) {
      Row file = files.next();
      List<Row> its = waiting.remove(file.getString(0));
      if (its != null) {
        add(its, files(file));
      }
    }
    if (ready.isEmpty() && !waiting.isEmpty()) {
      add(waiting.remove(waiting.keySet().iterator().next()), Map.of());
    }
    return !ready.isEmpty();
  }

  private void add(List<Row> planned, Map<InputImage, byte[]> its) {
    planned.forEach(row -> ready.add(new Filed(row, its)));
  }

  /** By the names of the columns. */
  private static Map<InputImage, byte[]> files(Row row) {
    Map<InputImage, byte[]> files = new EnumMap<>(InputImage.class);
    String[] names = row.schema().fieldNames();
    for (int i = 1; i < names.length; i++) {
      if (!row.isNullAt(i)) {
        files.put(InputImage.at(names[i]).orElseThrow(), row.getAs(i));
      }
    }
    return files;
  }

  @Override
  public Filed next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}
