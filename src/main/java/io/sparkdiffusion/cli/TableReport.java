package io.sparkdiffusion.cli;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.regexp_replace;

import io.sparkdiffusion.config.Counted;
import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.RowRequests;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.spark.plan.PlanImages;
import io.sparkdiffusion.spark.table.PromptColumns;
import io.sparkdiffusion.spark.table.PromptTable;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;

/**
 * What {@code jobs/check} says of a table of prompts.
 *
 * @param facts what would be read
 * @param problems what is wrong, empty where nothing
 */
record TableReport(List<String> facts, List<String> problems) {

  private static final int FIRST_ROWS = 5;
  private static final int REASONS = 10;
  private static final int COLUMNS_NAMED = 30;

  /** Keeps copies. */
  public TableReport {
    facts = List.copyOf(facts);
    problems = List.copyOf(problems);
  }

  /**
   * Refuses a table that should be on this machine and is not, before Spark is started.
   *
   * @throws ProblemsException where it is missing
   */
  public static void requireLocal(InputConfig.Table table, SparkConf conf) {
    PromptTable.requireLocal(table, conf);
  }

  /** Reads a table as the job would; what the configuration says for all rows is left aside. */
  public static TableReport of(SparkSession spark, InputConfig.Table table) {
    List<String> facts = new ArrayList<>();
    facts.add("Table: " + Shown.text(table.location()));
    facts.add("Format: " + table.storedFormat().name().toLowerCase(Locale.ROOT));
    try {
      PromptTable read = PromptTable.read(spark, table, 0, ResultColumns::isTaken);
      facts.addAll(columns(read));
      read.checkIds();
      return new TableReport(with(facts, rows(read)), failures(read));
    } catch (ProblemsException e) {
      return new TableReport(facts, e.problems());
    }
  }

  private static List<String> with(List<String> facts, List<String> more) {
    List<String> all = new ArrayList<>(facts);
    all.addAll(more);
    return all;
  }

  private static List<String> columns(PromptTable table) {
    List<String> others =
        table.columns().passedThrough().stream().map(StructField::name).map(Shown::text).toList();
    String more = others.size() > COLUMNS_NAMED ? ", … (" + others.size() + ")" : "";
    List<String> lines = new ArrayList<>();
    if (table.source().files() > 0) {
      lines.add("Files: " + table.source().files());
    }
    lines.add("Read: " + String.join(", ", table.columns().read()));
    lines.add(
        "Passed through: "
            + others.stream().limit(COLUMNS_NAMED).collect(Collectors.joining(", "))
            + (others.isEmpty() ? "nothing" : more));
    if (!table.source().hasOwnIds()) {
      lines.add("Ids: each prompt's SHA-256, since there is no column id and no id_column is set");
    }
    return lines;
  }

  private static List<String> rows(PromptTable table) {
    List<String> lines = new ArrayList<>();
    lines.add("Rows: " + table.rows().count());
    List<Row> first = table.rows().limit(FIRST_ROWS).collectAsList();
    if (!first.isEmpty()) {
      lines.add("First rows:");
    }
    for (Row row : first) {
      Map<String, Object> cells = table.columns().cells(row);
      String parameters =
          table.columns().read().stream()
              .filter(name -> !name.equals("id") && !name.equals("prompt"))
              .filter(name -> cells.get(name) != null)
              .map(name -> ", " + name + " " + shown(cells.get(name)))
              .collect(Collectors.joining());
      lines.add("  " + text(cells.get("id")) + parameters);
      lines.add("    " + text(cells.get("prompt")));
    }
    return lines;
  }

  /** Of embeddings, lists of lists, how many there are. */
  private static String shown(Object cell) {
    return cell instanceof List<?> rows
        ? "of " + Counted.of(rows.size(), "row")
        : Shown.text(cell.toString());
  }

  private static String text(Object cell) {
    return cell == null ? "(none)" : cell.equals("") ? "(empty)" : Shown.text(cell.toString());
  }

  /** Rows that no configuration would make possible, counted by their reasons. */
  private static List<String> failures(PromptTable table) {
    Column reason = regexp_replace(col("value"), " \\([^()]*\\)", "");
    List<Row> counted =
        table
            .rows()
            .map(new Reasons(table.columns()), Encoders.STRING())
            .filter(col("value").notEqual(""))
            .groupBy(reason.as("value"))
            .count()
            .orderBy(col("count").desc(), col("value"))
            .limit(REASONS)
            .collectAsList();
    return counted.stream()
        .map(
            row ->
                "Cannot draw %s of prompts %s: %s"
                    .formatted(
                        Counted.of(row.getLong(1), "row"),
                        table.name(),
                        Shown.text(row.getString(0))))
        .toList();
  }

  /** Why a row would fail, empty where it would not. */
  private static final class Reasons implements MapFunction<Row, String> {

    private static final long serialVersionUID = 1L;

    private final PromptColumns columns;

    Reasons(PromptColumns columns) {
      this.columns = columns;
    }

    @Override
    public String call(Row row) {
      if (columns.isMalformed(row)) {
        return PlanImages.MALFORMED;
      }
      if (RowRequests.of(columns.cells(row), Values.usual())
          instanceof RowRequests.Invalid invalid) {
        return String.join("; ", invalid.reasons());
      }
      return columns.cells(row).get(Parameters.LORAS.name()) instanceof String loras
          ? problem(Parameters.LORAS.of(loras).value())
          : "";
    }

    /** Files are not looked at. */
    private static String problem(String loras) {
      try {
        if (!loras.isEmpty()) {
          LoraConfig.ofRow(loras, LoraUnmatched.REFUSE);
        }
        return "";
      } catch (ProblemsException e) {
        return String.join("; ", e.problems());
      }
    }
  }
}
