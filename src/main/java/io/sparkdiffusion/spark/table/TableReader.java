package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.TableFormat;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Opens a table in its format; lines that are no records come with their text in one column. */
final class TableReader {

  private final SparkSession spark;
  private final String location;
  private final TableFormat format;

  TableReader(SparkSession spark, InputConfig.Table table) {
    this.spark = spark;
    this.location = table.location();
    this.format = table.format().resolve(location);
  }

  /** Whether numbers may come as text, to be read row by row. */
  boolean isText() {
    return format == TableFormat.CSV || format == TableFormat.JSON;
  }

  Dataset<Row> read() {
    String stored = format.name().toLowerCase(Locale.ROOT);
    return readable(
        location,
        "Spark must be able to read it as %s, else set prompts_format".formatted(stored),
        () -> withoutNothing(open()));
  }

  private Dataset<Row> open() {
    return switch (format) {
      case PARQUET -> spark.read().parquet(location);
      case CSV -> csv();
      case JSON ->
          spark.read().option("columnNameOfCorruptRecord", PromptColumns.MALFORMED).json(location);
      case TABLE -> spark.table(location);
      case AUTO -> throw new IllegalStateException("resolve() settles AUTO");
    };
  }

  /** All columns as text (RFC 4180), so that a bad number is the matter of its row. */
  private Dataset<Row> csv() {
    DataFrameReader reader =
        spark
            .read()
            .option("header", true)
            .option("multiLine", true)
            .option("escape", "\"")
            .option("enforceSchema", false)
            .option("columnPruning", false)
            .option("columnNameOfCorruptRecord", PromptColumns.MALFORMED);
    StructType header = reader.csv(location).schema();
    return header.isEmpty()
        ? spark.emptyDataFrame()
        : reader.schema(header.add(PromptColumns.MALFORMED, DataTypes.StringType)).csv(location);
  }

  /** A file of no bytes has no columns: the table is empty, not wrong. */
  private Dataset<Row> withoutNothing(Dataset<Row> rows) {
    if (rows.schema().isEmpty()) {
      return spark.createDataFrame(
          java.util.List.of(),
          new StructType().add("id", DataTypes.StringType).add("prompt", DataTypes.StringType));
    }
    if (Arrays.equals(rows.columns(), new String[] {PromptColumns.MALFORMED})) {
      throw new ProblemsException(
          "Cannot read prompts %s: every line must be a JSON object (none is)".formatted(location));
    }
    return rows;
  }

  /** Runs what reads the table and says in one line why it could not. */
  static <T> T readable(String location, Callable<T> read) {
    return readable(location, "Spark must be able to read it", read);
  }

  private static <T> T readable(String location, String rule, Callable<T> read) {
    try {
      return read.call();
    } catch (ProblemsException e) {
      throw e;
    } catch (Exception e) {
      throw new ProblemsException(
          "Cannot read prompts %s: %s (%s)".formatted(location, rule, reason(e)), e);
    }
  }

  /** The innermost message's first line, without Spark's error class. */
  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    if (message == null || message.isBlank()) {
      return cause.getClass().getSimpleName();
    }
    String line = message.lines().findFirst().orElse("").replaceFirst("^\\[[A-Z_.]+] ", "");
    return line.isBlank() ? cause.getClass().getSimpleName().toLowerCase(Locale.ROOT) : line;
  }
}
