package io.sparkdiffusion.spark.table;

import static java.util.stream.Collectors.toCollection;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.spark_partition_id;
import static org.apache.spark.sql.functions.when;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.TableColumns;
import io.sparkdiffusion.request.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;

/** Which columns of a table are read as what, and which pass through. */
final class ColumnSelection {

  private final InputConfig.Table table;
  private final Dataset<Row> raw;
  private final Predicate<String> isTaken;
  private final List<Read> read = new ArrayList<>();
  private final List<StructField> passedThrough = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private FileColumns files = FileColumns.among(List.of());

  private ColumnSelection(InputConfig.Table table, Dataset<Row> raw, Predicate<String> isTaken) {
    this.table = table;
    this.raw = raw;
    this.isTaken = isTaken;
  }

  /**
   * A column that is read.
   *
   * @param isNothing whether it has no value at all, so that its type tells nothing
   */
  private record Read(String parameter, StructField field, boolean isNothing) {}

  /**
   * Checks a table's columns.
   *
   * @throws ProblemsException with every problem found
   */
  static ColumnSelection of(InputConfig.Table table, Dataset<Row> raw, Predicate<String> isTaken) {
    ColumnSelection selection = new ColumnSelection(table, raw, isTaken);
    selection.check();
    if (!selection.problems.isEmpty()) {
      throw new ProblemsException(selection.problems);
    }
    return selection;
  }

  private void check() {
    for (StructField field : raw.schema().fields()) {
      if (!field.name().equals(PromptColumns.MALFORMED)
          && !table.columns().ignored().contains(field.name())) {
        parameter(field.name(), table.columns())
            .ifPresentOrElse(parameter -> addRead(parameter, field), () -> addOther(field));
      }
    }
    addMissing();
    files =
        FileColumns.among(
            read.stream()
                .filter(column -> !column.isNothing())
                .map(
                    column ->
                        new FileColumns.Read(
                            column.parameter(), column.field().dataType(), raw(column.field())))
                .toList());
  }

  /** The parameter that a column is read as. */
  static Optional<String> parameter(String name, TableColumns columns) {
    if (name.equals(columns.prompt())) {
      return Optional.of("prompt");
    }
    if (name.equals(columns.id().isEmpty() ? "id" : columns.id())) {
      return Optional.of("id");
    }
    boolean isOwn = Parameters.columns().contains(name) && !List.of("id", "prompt").contains(name);
    return isOwn ? Optional.of(name) : Optional.empty();
  }

  private void addRead(String parameter, StructField field) {
    Optional<String> broken =
        PromptColumns.brokenRule(parameter, field.dataType(), table.storedFormat().isText());
    boolean isNothing = broken.isPresent() && isNothing(field);
    read.add(new Read(parameter, field, isNothing));
    if (broken.isPresent() && !isNothing) {
      problems.add(
          "Cannot use column %s of prompts %s: it must be %s (%s)"
              .formatted(
                  Shown.text(field.name()),
                  table.location(),
                  broken.get(),
                  Shown.text(field.dataType().simpleString())));
    }
  }

  /** Writers give a column without a value some type: pandas a number, where a text belongs. */
  private boolean isNothing(StructField field) {
    Column isThere = raw.col(PromptColumns.quoted(field.name())).isNotNull();
    Row most =
        TableReader.readable(table.location(), () -> raw.agg(max(when(isThere, lit(1)))).head());
    return most.isNullAt(0);
  }

  private void addOther(StructField field) {
    passedThrough.add(field);
    String name = field.name();
    String small = name.toLowerCase(Locale.ROOT);
    if (Parameters.columns().contains(small) && !small.equals(name)) {
      String otherwise =
          List.of("id", "prompt").contains(small)
              ? "set %s_column=%s".formatted(small, Shown.text(name))
              : "name it in ignore_columns";
      problems.add(
          "Cannot use column %s of prompts %s: names are in small letters, rename it to %s or %s"
              .formatted(Shown.text(name), table.location(), small, otherwise));
    } else if (isTaken.test(name) && !standsForAMissingOne(name)) {
      problems.add(
          ("Cannot pass column %s of prompts %s through: the result has a column of that name;"
                  + " rename it or name it in ignore_columns")
              .formatted(Shown.text(name), table.location()));
    }
  }

  /** Whether another column should be read as this one and is not there, which is told instead. */
  private boolean standsForAMissingOne(String name) {
    List<String> names = Arrays.asList(raw.schema().fieldNames());
    return (name.equals("id") && !names.contains(table.columns().id()))
        || (name.equals("prompt") && !names.contains(table.columns().prompt()));
  }

  private void addMissing() {
    List<String> names = Arrays.asList(raw.schema().fieldNames());
    if (!has("prompt")
        && !has(Parameters.PROMPT_EMBEDS.name())
        && names.stream().noneMatch(table.columns().prompt()::equalsIgnoreCase)) {
      problems.add(0, missing("prompt", table.columns().prompt()));
    }
    String id = table.columns().id();
    if (!has("id") && (!id.isEmpty() || problems.isEmpty())) {
      problems.add(0, missing("id", id.isEmpty() ? "id" : id));
    }
    table.columns().ignored().stream()
        .filter(name -> !names.contains(name))
        .map(
            name ->
                "Cannot use ignore_columns: prompts %s must have the column (%s)"
                    .formatted(table.location(), Shown.text(name)))
        .forEach(problems::add);
  }

  private boolean has(String parameter) {
    return read.stream().anyMatch(column -> column.parameter().equals(parameter));
  }

  private String missing(String parameter, String name) {
    String where =
        table.storedFormat().hasSeparators()
            ? ", for CSV in a first line of names with commas"
            : "";
    return "Cannot use prompts %s: a column %s must be there%s, else set %s_column (%s)"
        .formatted(
            table.location(),
            Shown.text(name),
            where,
            parameter,
            PromptColumns.shown(Arrays.asList(raw.schema().fieldNames())));
  }

  /** The columns by their parameters. */
  PromptColumns names() {
    boolean hasMalformed =
        Arrays.asList(raw.schema().fieldNames()).contains(PromptColumns.MALFORMED);
    List<String> names = parameters();
    names.addAll(files.unsaidHashes(names).keySet());
    return new PromptColumns(
        names, passedThrough, hasMalformed, files.inputs(), PromptColumns.FilePlace.TABLE);
  }

  private List<String> parameters() {
    return read.stream().map(Read::parameter).collect(toCollection(ArrayList::new));
  }

  private Column raw(StructField field) {
    return raw.col(PromptColumns.quoted(field.name()));
  }

  /**
   * Ids with their files, null for none, a column for each input image, which are read by
   * themselves: a plan holds their hashes alone. Nothing is filtered: a source that leaves out what
   * it need not read has other partitions.
   */
  Optional<Dataset<Row>> filesById() {
    Optional<Column> id =
        read.stream()
            .filter(column -> column.parameter().equals(Parameters.ID.name()))
            .map(this::column)
            .findFirst();
    if (files.inputs().isEmpty()) {
      return Optional.empty();
    }
    List<Column> columns = new ArrayList<>(files.files(""));
    columns.add(0, id.orElseThrow().as(Parameters.ID.name()));
    return Optional.of(raw.select(columns.toArray(Column[]::new)));
  }

  /** The table with these columns alone, and no file. */
  Dataset<Row> selected() {
    Dataset<Row> rows = raw.select(columns().toArray(Column[]::new));
    return !files.inputs().isEmpty()
        ? rows.withColumn(PromptColumns.PARTITION, spark_partition_id())
        : rows;
  }

  private List<Column> columns() {
    List<Column> selected = new ArrayList<>();
    read.forEach(column -> selected.add(column(column).as(column.parameter())));
    selected.addAll(files.unsaidHashes(parameters()).values());
    passedThrough.forEach(field -> selected.add(cell(field).as(field.name())));
    if (names().hasMalformed()) {
      selected.add(raw.col(PromptColumns.MALFORMED));
    }
    return selected;
  }

  private Column column(Read column) {
    if (column.isNothing()) {
      return lit(null).cast(DataTypes.StringType);
    }
    Column cell = cell(column.field());
    return switch (column.parameter()) {
      case "id" -> raw(column.field()).cast(DataTypes.StringType);
      case "prompt" -> raw(column.field());
      default -> files.said(column.parameter(), cell);
    };
  }

  /** An empty field of separated text is nothing, quoted or not; only a prompt can be empty. */
  private Column cell(StructField field) {
    Column cell = raw(field);
    boolean mayBeEmpty =
        table.storedFormat().hasSeparators() && field.dataType() instanceof StringType;
    return mayBeEmpty ? when(cell.notEqual(lit("")), cell) : cell;
  }
}
