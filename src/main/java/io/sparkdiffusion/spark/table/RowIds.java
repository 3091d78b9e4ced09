package io.sparkdiffusion.spark.table;

import static java.util.stream.Collectors.joining;
import static org.apache.spark.sql.functions.asc_nulls_first;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.trim;
import static org.apache.spark.sql.functions.when;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * What is wrong with the ids of a table's rows.
 *
 * @param malformed lines without an id that are no records
 * @param missing rows without an id, those lines too
 * @param repeated the first ids that occur more than once, in Spark's order
 */
record RowIds(long malformed, long missing, List<String> repeated) {

  private static final int NAMED = 5;

  /**
   * By Spark, in one pass over the rows.
   *
   * @param areOwn false for ids that come from the prompts: those are there and occur once
   */
  static RowIds bySpark(Dataset<Row> rows, PromptColumns columns, boolean areOwn) {
    Column isMalformed =
        columns.hasMalformed() ? col(PromptColumns.MALFORMED).isNotNull() : lit(false);
    if (!areOwn) {
      return new RowIds(rows.filter(col("prompt").isNull().and(isMalformed)).count(), 0, List.of());
    }
    Column id = col("id");
    Column isMissing = id.isNull().or(trim(id).equalTo(""));
    List<Row> found =
        rows.groupBy(when(isMissing, null).otherwise(id).as("id"))
            .agg(count(lit(1)).as("rows"), sum(when(isMalformed, 1L).otherwise(0L)))
            .filter(col("id").isNull().or(col("rows").gt(1)))
            .orderBy(asc_nulls_first("id"))
            .limit(NAMED + 2)
            .collectAsList();
    boolean hasMissing = !found.isEmpty() && found.get(0).isNullAt(0);
    return new RowIds(
        hasMissing ? found.get(0).getLong(2) : 0,
        hasMissing ? found.get(0).getLong(1) : 0,
        found.stream().skip(hasMissing ? 1 : 0).map(row -> row.getString(0)).toList());
  }

  /** The same of rows that are here. */
  static RowIds of(List<Row> rows, PromptColumns columns, boolean areOwn) {
    if (!areOwn) {
      int prompt = columns.read().indexOf("prompt");
      return new RowIds(
          rows.stream().filter(row -> row.isNullAt(prompt) && columns.isMalformed(row)).count(),
          0,
          List.of());
    }
    int at = columns.read().indexOf("id");
    List<Row> without = rows.stream().filter(row -> isMissing(row.getString(at))).toList();
    Map<String, Integer> occurrences = new HashMap<>();
    for (Row row : rows) {
      if (!isMissing(row.getString(at))) {
        occurrences.merge(row.getString(at), 1, Integer::sum);
      }
    }
    List<String> repeated =
        occurrences.entrySet().stream()
            .filter(entry -> entry.getValue() > 1)
            .map(entry -> UTF8String.fromString(entry.getKey()))
            .sorted()
            .limit(NAMED + 1)
            .map(UTF8String::toString)
            .collect(Collectors.toCollection(ArrayList::new));
    long malformed = without.stream().filter(columns::isMalformed).count();
    return new RowIds(malformed, without.size(), repeated);
  }

  /** Spark's {@code trim} takes spaces away and nothing else. */
  private static boolean isMissing(String id) {
    return id == null || id.chars().allMatch(character -> character == ' ');
  }

  /**
   * Makes sure that every row has an id of its own.
   *
   * @throws ProblemsException where one has none, or some share one
   */
  void require(String table) {
    if (malformed > 0) {
      throw new ProblemsException(
          "Cannot read prompts %s: every line must be a whole record (%s are not)"
              .formatted(table, malformed));
    }
    if (missing > 0) {
      throw new ProblemsException(
          "Cannot use prompts %s: every row must have an id (%s have none)"
              .formatted(table, missing));
    }
    if (!repeated.isEmpty()) {
      boolean more = repeated.size() > NAMED;
      throw new ProblemsException(
          "Cannot use prompts %s: every id must occur once (repeated: %s%s)"
              .formatted(
                  table,
                  repeated.stream().limit(NAMED).map(Shown::text).collect(joining(", ")),
                  more ? " and others" : ""));
    }
  }
}
