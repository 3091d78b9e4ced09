package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.prompt.PromptRow;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Which columns a table has: first those that are read, in the table's order, then those that pass
 * through, then perhaps the text of lines that are no records.
 *
 * @param read the parameters' names
 * @param passedThrough the other columns
 * @param hasMalformed whether the last column is {@link #MALFORMED}
 */
public record PromptColumns(
    List<String> read, List<StructField> passedThrough, boolean hasMalformed)
    implements Serializable {

  /** The column that Spark fills with lines that it cannot split into the other columns. */
  static final String MALFORMED = "spark_diffusion_malformed";

  private static final List<String> REQUIRED = List.of("id", "prompt");
  private static final List<String> TEXTS = List.of("prompt", "negative_prompt", "scheduler");

  /** Keeps copies that can be sent to executors. */
  public PromptColumns {
    read = new ArrayList<>(read);
    passedThrough = new ArrayList<>(passedThrough);
  }

  /** The columns of a schema, then those that pass through. */
  public StructType appendedTo(StructType schema) {
    StructType all = schema;
    for (StructField field : passedThrough) {
      all = all.add(field);
    }
    return all;
  }

  /**
   * Checks a schema.
   *
   * @param isText whether numbers may come as text
   * @throws ProblemsException with every problem found
   */
  static PromptColumns check(
      String table, StructType schema, boolean isText, Predicate<String> isTaken) {
    List<String> names = Arrays.asList(schema.fieldNames());
    List<String> problems = new ArrayList<>(missing(table, names, isText));
    List<String> read = new ArrayList<>();
    List<StructField> passedThrough = new ArrayList<>();
    for (StructField field : schema.fields()) {
      if (PromptRow.COLUMNS.contains(field.name())) {
        read.add(field.name());
        checkType(table, field, isText, problems);
      } else if (!field.name().equals(MALFORMED)) {
        passedThrough.add(field);
        checkName(table, field.name(), isTaken, problems);
      }
    }
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
    return new PromptColumns(read, passedThrough, names.contains(MALFORMED));
  }

  private static List<String> missing(String table, List<String> names, boolean isText) {
    String rule =
        isText ? "must be there, for CSV in a first line of names with commas" : "must be there";
    return REQUIRED.stream()
        .filter(required -> !names.contains(required))
        .map(
            required ->
                "Cannot use prompts %s: a column %s %s (%s)"
                    .formatted(table, required, rule, String.join(", ", shown(names))))
        .toList();
  }

  private static void checkName(
      String table, String name, Predicate<String> isTaken, List<String> problems) {
    String small = name.toLowerCase(Locale.ROOT);
    if (PromptRow.COLUMNS.contains(small)) {
      problems.add(
          "Cannot use column %s of prompts %s: names are in small letters, rename it to %s"
              .formatted(name, table, small));
    } else if (isTaken.test(name)) {
      problems.add(
          ("Cannot pass column %s of prompts %s through: the result has a column of that name;"
                  + " rename it")
              .formatted(name, table));
    }
  }

  /** Without texts: where there is no line of names, the first line's prompt stands there. */
  private static List<String> shown(List<String> names) {
    return names.stream()
        .filter(name -> !name.equals(MALFORMED))
        .map(name -> name.matches("[\\w.:;|\\t-]{1,60}") ? name : "a text")
        .toList();
  }

  private static void checkType(
      String table, StructField field, boolean isText, List<String> problems) {
    brokenRule(field.name(), field.dataType(), isText)
        .ifPresent(
            rule ->
                problems.add(
                    "Cannot use column %s of prompts %s: it must be %s (%s)"
                        .formatted(field.name(), table, rule, field.dataType().simpleString())));
  }

  /**
   * What a column must be, where it is not.
   *
   * @param parameter one of {@link PromptRow#COLUMNS}
   * @param isText whether numbers may come as text
   */
  static Optional<String> brokenRule(String parameter, DataType type, boolean isText) {
    String rule;
    boolean fits;
    if (parameter.equals("id")) {
      rule = "text or an integer";
      fits = type instanceof StringType || isInteger(type);
    } else if (TEXTS.contains(parameter)) {
      rule = "text";
      fits = type instanceof StringType;
    } else {
      rule = "a number";
      fits = isNumber(type) || (isText && type instanceof StringType);
    }
    return fits || type instanceof NullType ? Optional.empty() : Optional.of(rule);
  }

  private static boolean isInteger(DataType type) {
    return type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }

  private static boolean isNumber(DataType type) {
    return isInteger(type)
        || type instanceof FloatType
        || type instanceof DoubleType
        || type instanceof DecimalType;
  }

  Column[] selection(Dataset<Row> raw) {
    List<Column> selected = new ArrayList<>();
    for (String name : read) {
      Column column = raw.col(quoted(name));
      selected.add(name.equals("id") ? column.cast(DataTypes.StringType).as(name) : column);
    }
    passedThrough.forEach(field -> selected.add(raw.col(quoted(field.name()))));
    if (hasMalformed) {
      selected.add(raw.col(MALFORMED));
    }
    return selected.toArray(Column[]::new);
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  /** The parameters of a row by column name. */
  public Map<String, Object> cells(Row row) {
    Map<String, Object> cells = new HashMap<>();
    for (int i = 0; i < read.size(); i++) {
      cells.put(read.get(i), row.get(i));
    }
    return cells;
  }

  /** The values of a row that pass through, in order. */
  public List<Object> passedThrough(Row row) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < passedThrough.size(); i++) {
      values.add(row.get(read.size() + i));
    }
    return values;
  }

  /** Whether a row is a line that has other columns than the table. */
  public boolean isMalformed(Row row) {
    return hasMalformed && !row.isNullAt(read.size() + passedThrough.size());
  }
}
