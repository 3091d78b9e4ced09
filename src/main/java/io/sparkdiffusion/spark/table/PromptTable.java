package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.TableColumns;
import io.sparkdiffusion.config.TableFormat;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * A table of prompts whose columns have been checked.
 *
 * @param rows one row for each prompt, {@code id} as text
 * @param columns how to read them
 * @param source where they are from
 * @param files id and files of each row, null for none, where the table has columns of files, each
 *     called as in {@link PromptColumns#files}; in the same partitions as the rows
 */
public record PromptTable(
    String name,
    Dataset<Row> rows,
    PromptColumns columns,
    Source source,
    Optional<Dataset<Row>> files) {

  /** More files are left to Spark's tasks. */
  private static final int MOST_FILES = 200;

  /** Of a table without files of images. */
  public PromptTable(String name, Dataset<Row> rows, PromptColumns columns, Source source) {
    this(name, rows, columns, source, Optional.empty());
  }

  /**
   * Where rows are from.
   *
   * @param format how they are stored
   * @param files how many files hold them, 0 where nobody knows
   * @param hasOwnIds false where ids come from the prompts
   */
  public record Source(TableFormat format, int files, boolean hasOwnIds) {

    private static final Source PROGRAM = new Source(TableFormat.TABLE, 0, true);
  }

  /**
   * Reads the input of a job.
   *
   * @param jobSeed the seed of the single prompt of the command line
   * @param isTaken names that other columns must not have, since the result has them
   * @throws ProblemsException where the table cannot be read or its columns are wrong
   */
  public static PromptTable read(
      SparkSession spark, InputConfig input, long jobSeed, Predicate<String> isTaken) {
    if (input instanceof InputConfig.Single single) {
      return single(spark, single.prompt(), jobSeed);
    }
    InputConfig.Table table = (InputConfig.Table) input;
    OpenedTable opened = new TableReader(spark, table).open();
    boolean needsIds = needsIds(opened.rows().schema(), table.columns());
    Dataset<Row> raw =
        needsIds
            ? GeneratedIds.addedTo(opened.rows(), table.columns().prompt(), opened.hasFileOrder())
            : opened.rows();
    ColumnSelection selection = ColumnSelection.of(table, raw, isTaken);
    Source source = new Source(table.storedFormat(), opened.files(), !needsIds);
    if (needsIds && selection.names().hasFiles()) {
      throw new ProblemsException(
          "Cannot use prompts %s: rows that hold images are read again by their ids, which must be there (no column id)"
              .formatted(table.location()));
    }
    return new PromptTable(
        table.location(), selection.selected(), selection.names(), source, selection.filesById());
  }

  /** Whether there are prompts and no ids. */
  private static boolean needsIds(StructType schema, TableColumns columns) {
    return columns.id().isEmpty()
        && Arrays.stream(schema.fieldNames()).noneMatch("id"::equalsIgnoreCase)
        && Arrays.stream(schema.fields())
            .filter(field -> field.name().equals(columns.prompt()))
            .anyMatch(field -> field.dataType() instanceof StringType);
  }

  /**
   * Refuses a table of files that are not on this machine although they should be, so that nobody
   * waits for Spark to hear it.
   *
   * @throws ProblemsException where a file is missing
   */
  public static void requireLocal(InputConfig input, SparkConf conf) {
    PromptPath.requireLocal(input, SparkHadoopUtil.get().newConfiguration(conf));
  }

  /**
   * The table of a program, of which every column passes through, those that are read too.
   *
   * @param rows of the schema for which {@code read} was found
   */
  public static PromptTable of(Dataset<?> rows, ReadColumns read) {
    return new PromptTable("dataset", read.selectedFrom(rows), read.columns(), Source.PROGRAM);
  }

  /** The row that {@code prompt=} stands for: it has the job's seed as it is. */
  private static PromptTable single(SparkSession spark, String prompt, long jobSeed) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("seed", DataTypes.LongType);
    Row only = RowFactory.create("prompt", prompt, jobSeed);
    return new PromptTable(
        "prompt",
        spark.createDataFrame(List.of(only), schema),
        new PromptColumns(List.of(schema.fieldNames()), List.of(), false),
        Source.PROGRAM);
  }

  /**
   * Reads the whole table once and checks that every row has an id of its own.
   *
   * @throws ProblemsException where one has none, some share one, or the table is damaged
   */
  public void checkIds() {
    TableReader.readable(name, () -> RowIds.bySpark(rows, columns, source.hasOwnIds()))
        .require(name);
    requireText();
  }

  /**
   * All rows, where they are so few that this machine plans them sooner than Spark would; their ids
   * have been checked.
   *
   * @throws ProblemsException as {@link #checkIds()} does
   */
  public Optional<List<Row>> few() {
    Optional<List<Row>> few =
        TableReader.readable(name, () -> FewRows.of(rows)).filter(this::namesFewFiles);
    few.ifPresent(
        read -> {
          RowIds.of(read, columns, source.hasOwnIds()).require(name);
          if (read.stream().anyMatch(this::hasReplacement)) {
            requireText();
          }
        });
    return few;
  }

  /** Whoever plans reads the files that rows name, for their hashes. */
  private boolean namesFewFiles(List<Row> few) {
    long named =
        few.stream()
            .map(columns::cells)
            .flatMap(
                cells ->
                    Arrays.stream(InputImage.values()).map(one -> cells.get(one.path().name())))
            .filter(path -> path != null && !path.toString().isEmpty())
            .count();
    return named <= MOST_FILES;
  }

  /**
   * The different values of a column, none where it is not read.
   *
   * @param few all rows, where they are few
   * @param most values
   * @throws ProblemsException where there are more
   */
  public Set<String> texts(Parameter<String> parameter, Optional<List<Row>> few, int most) {
    if (!columns.read().contains(parameter.name())) {
      return Set.of();
    }
    Set<String> cells =
        few.map(all -> cells(parameter, all.stream()))
            .orElseGet(() -> TableReader.readable(name, () -> different(parameter, most)));
    if (cells.size() > most) {
      throw new ProblemsException(
          "Cannot use column %s of prompts %s: it must have at most %s different values (there are more)"
              .formatted(parameter, name, most));
    }
    return cells.stream().map(text -> parameter.of(text).value()).collect(Collectors.toSet());
  }

  private Set<String> cells(Parameter<String> parameter, Stream<Row> all) {
    return all.filter(row -> !columns.isMalformed(row))
        .map(row -> (String) columns.cells(row).get(parameter.name()))
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }

  private Set<String> different(Parameter<String> parameter, int most) {
    Column isWhole = columns.hasMalformed() ? col(PromptColumns.MALFORMED).isNull() : lit(true);
    return Set.copyOf(
        rows.filter(isWhole.and(col(parameter.name()).isNotNull()))
            .select(parameter.name())
            .distinct()
            .limit(most + 1)
            .as(Encoders.STRING())
            .collectAsList());
  }

  /** Bytes that are no text have become U+FFFD in a row that is here; a text may hold that too. */
  private boolean hasReplacement(Row row) {
    return columns.cells(row).values().stream()
        .anyMatch(value -> value instanceof String text && text.indexOf('\uFFFD') >= 0);
  }

  /** Files of text have been read before and have no bytes that are no text. */
  private void requireText() {
    if (source.format().isText()) {
      return;
    }
    Column isBroken =
        Stream.concat(Stream.of("id"), PromptColumns.TEXTS.stream())
            .filter(columns.read()::contains)
            .map(column -> BrokenText.in(col(column)))
            .reduce(lit(false), Column::or);
    long broken = TableReader.readable(name, () -> rows.filter(isBroken).count());
    if (broken > 0) {
      throw new ProblemsException(
          "Cannot use prompts %s: texts must be UTF-8, write the table anew (%s rows are not)"
              .formatted(name, broken));
    }
  }
}
