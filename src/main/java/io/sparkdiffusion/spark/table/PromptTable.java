package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.trim;
import static org.apache.spark.sql.functions.when;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.prompt.PromptRow;
import java.util.List;
import java.util.function.Predicate;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A table of prompts whose columns have been checked.
 *
 * @param rows one row for each prompt, {@code id} as text
 * @param columns how to read them
 */
public record PromptTable(String name, Dataset<Row> rows, PromptColumns columns) {

  private static final int IDS_NAMED = 5;

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
    TableReader reader = new TableReader(spark, table);
    Dataset<Row> raw = reader.read();
    PromptColumns columns =
        PromptColumns.check(table.location(), raw.schema(), reader.isText(), isTaken);
    return new PromptTable(table.location(), raw.select(columns.selection(raw)), columns);
  }

  /**
   * The table of a program, of which every column passes through, those that are read too.
   *
   * @param rows of the schema for which {@code read} was found
   */
  public static PromptTable of(Dataset<?> rows, ReadColumns read) {
    return new PromptTable("dataset", read.selectedFrom(rows), read.columns());
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
        PromptColumns.check("prompt", schema, false, name -> false));
  }

  /**
   * Reads the whole table once and checks that every row has an id of its own.
   *
   * @throws ProblemsException where one has none, some share one, or the table is damaged
   */
  public void checkIds() {
    TableReader.readable(name, this::checkPresent);
    TableReader.readable(name, this::checkUnique);
  }

  private Void checkPresent() {
    Column isMissing = col("id").isNull().or(trim(col("id")).equalTo(""));
    Column isMalformed =
        columns.hasMalformed() ? col(PromptColumns.MALFORMED).isNotNull() : lit(false);
    Row counts =
        rows.agg(
                sum(when(isMissing.and(isMalformed), 1L).otherwise(0L)),
                sum(when(isMissing, 1L).otherwise(0L)))
            .head();
    if (!counts.isNullAt(0) && counts.getLong(0) > 0) {
      throw new ProblemsException(
          "Cannot read prompts %s: every line must be a whole record (%s are not)"
              .formatted(name, counts.getLong(0)));
    }
    if (!counts.isNullAt(1) && counts.getLong(1) > 0) {
      throw new ProblemsException(
          "Cannot use prompts %s: every row must have an id (%s have none)"
              .formatted(name, counts.getLong(1)));
    }
    return null;
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
            .map(row -> row.getString(0))
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
