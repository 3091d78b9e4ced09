package io.sparkdiffusion.spark.plan;

import static java.util.Comparator.reverseOrder;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.when;

import io.sparkdiffusion.request.PromptSyntax;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Counts images, by Spark, so that the driver holds no row. */
public final class RowCounts {

  private static final int REASONS_NAMED = 100;

  /** Actual values, which differ from row to row. */
  private static final String ACTUAL_VALUE = " \\([^()]*\\)";

  private static final int IMAGE_INDEX = RequestColumns.SCHEMA.fieldIndex("image_index");
  private static final int ERROR = RequestColumns.SCHEMA.fieldIndex("error");

  private RowCounts() {}

  /** The planned images. */
  public record Planned(long images, long rows, long failed, Map<String, Long> failures) {

    public static Planned of(List<Row> planned) {
      List<String> errors =
          planned.stream()
              .filter(row -> !row.isNullAt(ERROR))
              .map(row -> row.getString(ERROR))
              .toList();
      long rows = planned.stream().filter(row -> row.getInt(IMAGE_INDEX) == 0).count();
      return new Planned(planned.size(), rows, errors.size(), reasons(errors));
    }

    public static Planned of(Dataset<Row> planned) {
      Column isFailed = col("error").isNotNull();
      Row counts =
          planned
              .agg(
                  count(lit(1)),
                  count(when(col("image_index").equalTo(0), 1)),
                  count(when(isFailed, 1)))
              .head();
      long failed = counts.getLong(2);
      return new Planned(
          counts.getLong(0), counts.getLong(1), failed, failed == 0 ? Map.of() : reasons(planned));
    }
  }

  /** The images of a group that went through a model. */
  public record Made(
      long generated, long failed, long truncated, long unread, Map<String, Long> failures) {

    public static final Made NONE = new Made(0, 0, 0, 0, Map.of());

    /** Both together. */
    public Made plus(Made other) {
      return new Made(
          generated + other.generated,
          failed + other.failed,
          truncated + other.truncated,
          unread + other.unread,
          merged(failures, other.failures));
    }

    /** The same where all rows are read: fewer than a query's two stages take. */
    public static Made ofFew(Dataset<Row> results) {
      List<Row> made =
          results
              .filter(col("request_hash").isNotNull())
              .select(col("status"), col("error"), isTruncated(), saysUnreadWeights())
              .collectAsList();
      List<String> errors =
          made.stream()
              .filter(row -> row.getString(0).equals(ResultColumns.FAILED))
              .map(row -> row.getString(1))
              .toList();
      return new Made(
          made.size() - errors.size(),
          errors.size(),
          made.stream().filter(row -> row.getBoolean(2)).count(),
          made.stream().filter(row -> row.getBoolean(3)).count(),
          reasons(errors));
    }

    public static Made of(Dataset<Row> results) {
      Dataset<Row> made = results.filter(col("request_hash").isNotNull());
      Column isFailed = col("status").equalTo(ResultColumns.FAILED);
      Row counts =
          made.agg(
                  count(when(isFailed, null).otherwise(1)),
                  count(when(isFailed, 1)),
                  count(when(isTruncated(), 1)),
                  count(when(saysUnreadWeights(), 1)))
              .head();
      long failed = counts.getLong(1);
      return new Made(
          counts.getLong(0),
          failed,
          counts.getLong(2),
          counts.getLong(3),
          failed == 0 ? Map.of() : reasons(made));
    }

    private static Column isTruncated() {
      Column lost = length(col("lost_text")).plus(length(col("negative_lost_text")));
      return coalesce(lost.gt(0), lit(false));
    }

    private static Column saysUnreadWeights() {
      Column isPlain = col("prompt_syntax").equalTo(PromptSyntax.PLAIN);
      Column texts = concat_ws("\n", col("prompt"), col("negative_prompt"));
      return coalesce(isPlain.and(texts.rlike(PromptSyntax.weighted())), lit(false));
    }
  }

  /** Failures by reason, without the actual values that stand in parentheses. */
  private static Map<String, Long> reasons(Dataset<Row> rows) {
    Map<String, Long> reasons = new TreeMap<>();
    rows.filter(col("error").isNotNull())
        .groupBy(regexp_replace(col("error"), ACTUAL_VALUE, "").as("reason"))
        .agg(count(lit(1)).as("images"))
        .orderBy(col("images").desc(), col("reason"))
        .limit(REASONS_NAMED)
        .collectAsList()
        .forEach(row -> reasons.put(row.getString(0), row.getLong(1)));
    return reasons;
  }

  private static Map<String, Long> reasons(List<String> errors) {
    Map<String, Long> images =
        errors.stream()
            .collect(groupingBy(error -> error.replaceAll(ACTUAL_VALUE, ""), counting()));
    Comparator<Map.Entry<String, Long>> mostFirst = Map.Entry.comparingByValue(reverseOrder());
    return images.entrySet().stream()
        .sorted(mostFirst.thenComparing(Map.Entry.comparingByKey()))
        .limit(REASONS_NAMED)
        .collect(toMap(Map.Entry::getKey, Map.Entry::getValue, Long::sum, TreeMap::new));
  }

  /** A run that was stopped before any image was made. */
  public static RunCounts stopped(Planned planned) {
    return new RunCounts(planned.images(), 0, 0, planned.failed(), 0, 0, planned.failures());
  }

  private static Map<String, Long> merged(Map<String, Long> first, Map<String, Long> second) {
    Map<String, Long> both = new TreeMap<>(first);
    second.forEach((reason, images) -> both.merge(reason, images, Long::sum));
    return both;
  }

  /**
   * Both together.
   *
   * @param toMake images that were not there before and could be made
   */
  public static RunCounts total(Planned planned, long toMake, Made made) {
    return new RunCounts(
        planned.images(),
        made.generated(),
        planned.images() - planned.failed() - toMake,
        planned.failed() + made.failed(),
        made.truncated(),
        made.unread(),
        merged(planned.failures(), made.failures()));
  }
}
