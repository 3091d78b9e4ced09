package io.sparkdiffusion.spark.table;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;
import scala.math.BigInt;

/**
 * Reads a table that is small. Spark's first queries take seconds each, however few rows there are:
 * most of that is loading and compiling its own classes.
 */
final class FewRows {

  /** The most rows, and what they may hold together in bytes, stored and in memory. */
  static final int MOST = 5_000;

  static final long MOST_BYTES = 8L << 20;

  private FewRows() {}

  /** All rows, nothing where they are many or Spark does not know how large they are. */
  static Optional<List<Row>> of(Dataset<Row> rows) {
    BigInt stored = rows.queryExecution().optimizedPlan().stats().sizeInBytes();
    if (!stored.isValidLong() || stored.toLong() > MOST_BYTES) {
      return Optional.empty();
    }
    List<Tuple2<List<Row>, Long>> parts = rows.toJavaRDD().mapPartitions(new Take()).collect();
    List<Row> all = new ArrayList<>();
    parts.forEach(part -> all.addAll(part._1()));
    long bytes = parts.stream().mapToLong(Tuple2::_2).sum();
    boolean isFew = all.size() <= MOST && bytes <= MOST_BYTES;
    return isFew ? Optional.of(all) : Optional.empty();
  }

  /** A partition's rows and what they hold; the rest is left out where that is too much already. */
  private static final class Take
      implements FlatMapFunction<Iterator<Row>, Tuple2<List<Row>, Long>> {

    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Tuple2<List<Row>, Long>> call(Iterator<Row> rows) {
      List<Row> taken = new ArrayList<>();
      long bytes = 0;
      while (rows.hasNext() && taken.size() <= MOST && bytes <= MOST_BYTES) {
        Row row = rows.next();
        bytes += bytes(row);
        taken.add(row);
      }
      return List.of(new Tuple2<>(taken, bytes)).iterator();
    }
  }

  /** About what a value takes: a small file may hold large texts, each stored once. */
  private static long bytes(Object value) {
    if (value instanceof String text) {
      return 2L * text.length();
    }
    if (value instanceof byte[] bytes) {
      return bytes.length;
    }
    if (value instanceof Row row) {
      return BothSparks.list(row.toSeq()).stream().mapToLong(FewRows::bytes).sum();
    }
    if (value instanceof scala.collection.Seq<?> values) {
      return BothSparks.list(values).stream().mapToLong(FewRows::bytes).sum();
    }
    if (value instanceof scala.collection.Map<?, ?> values) {
      Map<?, ?> all = BothSparks.map(values);
      return all.entrySet().stream()
          .mapToLong(entry -> bytes(entry.getKey()) + bytes(entry.getValue()))
          .sum();
    }
    return Long.BYTES;
  }
}
