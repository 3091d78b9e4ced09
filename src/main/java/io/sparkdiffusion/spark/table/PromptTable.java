package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.decode;
import static org.apache.spark.sql.functions.encode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.trim;
import static org.apache.spark.sql.functions.when;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.TableColumns;
import io.sparkdiffusion.config.TableFormat;
import io.sparkdiffusion.prompt.PromptRow;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
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
 */
public record PromptTable(String name, Dataset<Row> rows, PromptColumns columns, Source source) {

  private static final int IDS_NAMED = 5;

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
      return single(spark, PromptRow.single(single.prompt(), jobSeed));
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
    return new PromptTable(table.location(), selection.selected(), selection.names(), source);
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

  private static PromptTable single(SparkSession spark, PromptRow row) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("seed", DataTypes.LongType);
    Row only = RowFactory.create(row.id(), row.prompt(), row.seed());
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
    TableReader.readable(name, this::checkPresent);
    if (source.hasOwnIds()) {
      TableReader.readable(name, this::checkUnique);
    }
  }

  private Void checkPresent() {
    Column isMissing =
        source.hasOwnIds()
            ? col("id").isNull().or(trim(col("id")).equalTo(""))
            : col("prompt").isNull();
    Column isMalformed =
        columns.hasMalformed() ? col(PromptColumns.MALFORMED).isNotNull() : lit(false);
    Row counts =
        rows.agg(count(when(isMissing.and(isMalformed), 1)), count(when(isMissing, 1)), broken())
            .head();
    if (counts.getLong(0) > 0) {
      throw new ProblemsException(
          "Cannot read prompts %s: every line must be a whole record (%d are not)"
              .formatted(name, counts.getLong(0)));
    }
    if (counts.getLong(1) > 0 && source.hasOwnIds()) {
      throw new ProblemsException(
          "Cannot use prompts %s: every row must have an id (%d have none)"
              .formatted(name, counts.getLong(1)));
    }
    if (counts.getLong(2) > 0) {
      throw new ProblemsException(
          "Cannot use prompts %s: texts must be UTF-8, write the table anew (%d rows are not)"
              .formatted(name, counts.getLong(2)));
    }
    return null;
  }

  /** Rows with bytes that are no text. Files of text have been read before and have none. */
  private Column broken() {
    if (source.format().isText()) {
      return count(when(lit(false), 1));
    }
    Column isBroken =
        Stream.concat(Stream.of("id"), PromptColumns.TEXTS.stream())
            .filter(columns.read()::contains)
            .map(PromptTable::isNoText)
            .reduce(lit(false), Column::or);
    return count(when(isBroken, 1));
  }

  private static Column isNoText(String column) {
    Column bytes = col(column).cast(DataTypes.BinaryType);
    return encode(decode(bytes, "UTF-8"), "UTF-8").notEqual(bytes);
  }

  private Void checkUnique() {
    List<String> repeated =
        rows
            .groupBy("id")
            .agg(count(lit(1)).as("rows"))
            .filter(col("rows").gt(1))
            .orderBy("id")
            .limit(IDS_NAMED + 1)
            .collectAsList()
            .stream()
            .map(row -> Shown.text(row.getString(0)))
            .toList();
    if (!repeated.isEmpty()) {
      boolean more = repeated.size() > IDS_NAMED;
      throw new ProblemsException(
          "Cannot use prompts %s: every id must occur once (repeated: %s%s)"
              .formatted(
                  name,
                  String.join(", ", more ? repeated.subList(0, IDS_NAMED) : repeated),
                  more ? " and others" : ""));
    }
    return null;
  }
}
