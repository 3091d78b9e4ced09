package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.col;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.TableFormat;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Opens a table in its format; lines that are no records come with their text in one column. */
final class TableReader {

  /** Of a table without a byte. */
  static final StructType NOTHING =
      new StructType().add("id", DataTypes.StringType).add("prompt", DataTypes.StringType);

  /** Spark 4 reads seven encodings otherwise, Spark 3.5 each that Java knows. */
  private static final String JAVA_CHARSETS = "spark.sql.legacy.javaCharsets";

  private final SparkSession spark;
  private final InputConfig.Table table;
  private final Configuration hadoop;
  private final TableFormat format;

  TableReader(SparkSession spark, InputConfig.Table table) {
    this.spark = spark;
    this.table = table;
    this.hadoop = spark.sessionState().newHadoopConf();
    this.format = table.storedFormat();
  }

  OpenedTable open() {
    String stored = format.name().toLowerCase(Locale.ROOT);
    return readable(
        table.location(),
        "Spark must be able to read it as %s, else set prompts_format".formatted(stored),
        () -> format == TableFormat.TABLE ? catalogTable() : files());
  }

  private OpenedTable catalogTable() throws Exception {
    try {
      return new OpenedTable(spark.table(table.location()), false, 0);
    } catch (Exception e) {
      if (PromptPath.literal(table.location(), hadoop).isPresent()) {
        throw new ProblemsException(
            "Cannot read prompts %s: a path must hold a slash or end in .csv, .tsv, .json, .txt or .parquet, write ./%s or set prompts_format (a table's name)"
                .formatted(table.location(), table.location()),
            e);
      }
      throw e;
    }
  }

  private OpenedTable files() {
    PromptPath path = PromptPath.find(table.location(), hadoop);
    path.settings().forEach(hadoop::set);
    LakeTables.refuse(table.location(), path, hadoop);
    List<String> files = listed(path);
    if (files.isEmpty()) {
      throw new ProblemsException(
          "Cannot read prompts %s: the folder must hold files of the table (none)"
              .formatted(table.location()));
    }
    // Types are guessed for what folders are called: 001 would become 1.
    return isNamedByFolders(files) ? withoutGuesses(() -> files(path, files)) : files(path, files);
  }

  private OpenedTable files(PromptPath path, List<String> files) {
    if (format == TableFormat.PARQUET) {
      ParquetFaults.refuse(table.location(), files.get(0), hadoop);
      return new OpenedTable(reader(path).parquet(path.path()), true, files.size());
    }
    TextFiles texts = TextFiles.read(spark, table, files, hadoop);
    return switch (format) {
      case CSV, TSV -> separated(path, texts);
      case JSON -> new JsonTable(spark, table, hadoop).open(reader(path), path, texts);
      case TXT -> new OpenedTable(lines(path, files), false, files.size());
      case PARQUET, TABLE, AUTO -> throw new IllegalStateException("Not of text: " + format);
    };
  }

  /** By Spark's own rules of what files of a folder are meant. */
  private List<String> listed(PromptPath path) {
    return Stream.of(reader(path).text(path.path()).inputFiles())
        .map(file -> new Path(URI.create(file)).toString())
        .toList();
  }

  private DataFrameReader reader(PromptPath path) {
    return spark.read().options(path.settings()).option("__globPaths__", !path.isLiteral());
  }

  private boolean isNamedByFolders(List<String> files) {
    return Arrays.stream(files.get(0).split("/"))
        .filter(folder -> folder.contains("="))
        .map(folder -> folder.substring(0, folder.indexOf('=')))
        .anyMatch(name -> PromptColumns.isRead(name, table.columns()));
  }

  private <T> T withoutGuesses(Supplier<T> opened) {
    String key = "spark.sql.sources.partitionColumnTypeInference.enabled";
    String usual = spark.conf().get(key);
    spark.conf().set(key, false);
    try {
      return opened.get();
    } finally {
      spark.conf().set(key, usual);
    }
  }

  /** All columns as text (RFC 4180), so that a bad number is the matter of its row. */
  private OpenedTable separated(PromptPath path, TextFiles texts) {
    List<String> names = texts.header();
    if (names.isEmpty()) {
      return new OpenedTable(spark.createDataFrame(List.of(), NOTHING), false, 0);
    }
    StructType schema = new CsvHeader(table, names).schema();
    DataFrameReader reader =
        reader(path)
            .option("header", true)
            .option("multiLine", true)
            .option("sep", table.options().separator(format))
            .option("quote", table.options().quote())
            .option("escape", table.options().escape())
            // A text that cannot be, so that an empty field in quotes is not taken for none.
            .option("nullValue", "\0")
            .option("columnPruning", false)
            .option("columnNameOfCorruptRecord", PromptColumns.MALFORMED);
    table.options().values().forEach(reader::option);
    if (!table.options().encoding().equals(StandardCharsets.UTF_8)) {
      spark.conf().set(JAVA_CHARSETS, true);
    }
    Dataset<Row> rows =
        reader.schema(schema.add(PromptColumns.MALFORMED, DataTypes.StringType)).csv(path.path());
    return new OpenedTable(rows, true, texts.names().size());
  }

  /** Lines without a character are no prompts. */
  private Dataset<Row> lines(PromptPath path, List<String> files) {
    boolean isUsual = table.options().encoding().equals(StandardCharsets.UTF_8);
    Dataset<Row> lines =
        isUsual
            ? reader(path).text(path.path())
            : DecodedText.lines(spark, files, table.options().encoding(), hadoop).toDF();
    return lines
        .filter(col("value").rlike("\\S"))
        .withColumnRenamed("value", table.columns().prompt());
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
      String broken = isNameTwice(e) ? "names of columns must differ by more than capitals" : rule;
      throw new ProblemsException(
          "Cannot read prompts %s: %s (%s)".formatted(location, broken, reason(e)), e);
    }
  }

  @SuppressWarnings("deprecation") // Spark 4 calls it a condition
  private static boolean isNameTwice(Exception e) {
    return e instanceof AnalysisException known
        && "COLUMN_ALREADY_EXISTS".equals(known.getErrorClass());
  }

  /** The innermost message's first line, without Spark's error class and SQL's code. */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    if (message == null || message.isBlank()) {
      return cause.getClass().getSimpleName();
    }
    String line =
        message
            .lines()
            .findFirst()
            .orElse("")
            .replaceFirst("^\\[[A-Z_.]+] ", "")
            .replaceFirst(" SQLSTATE: \\w{5}$", "");
    return line.isBlank()
        ? cause.getClass().getSimpleName().toLowerCase(Locale.ROOT)
        : Shown.text(line);
  }
}
