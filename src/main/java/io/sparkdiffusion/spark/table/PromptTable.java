package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.prompt.PromptRow;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
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
    TableReader.readable(name, () -> RowIds.bySpark(rows, columns)).require(name);
  }

  /**
   * All rows, where they are so few that this machine plans them sooner than Spark would; their ids
   * have been checked.
   *
   * @throws ProblemsException as {@link #checkIds()} does
   */
  public Optional<List<Row>> few() {
    Optional<List<Row>> few = TableReader.readable(name, () -> FewRows.of(rows));
    few.ifPresent(read -> RowIds.of(read, columns).require(name));
    return few;
  }
}
