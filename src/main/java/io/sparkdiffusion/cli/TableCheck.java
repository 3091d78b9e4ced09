package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.TableFormat;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** The part of {@code jobs/check} that looks at tables of prompts; it needs a Spark of its own. */
final class TableCheck {

  private static final Pattern FILE_OF_TABLE =
      Pattern.compile(".*\\.(parquet|csv|tsv|tab|txt|json|jsonl|ndjson)(\\.(gz|bz2|zst))?");

  /** A model folder has none of these; it has JSON and may have lists of merges as text. */
  private static final Pattern FILE_IN_FOLDER =
      Pattern.compile(".*\\.(parquet|csv|tsv|jsonl|ndjson)(\\.(gz|bz2|zst))?");

  private static final int DEEPEST = 4;

  private final PrintStream out;
  private final PrintStream err;

  TableCheck(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Whether what is to be checked is a table of prompts, by its settings, its name or its files.
   */
  static boolean isTable(String location, List<String> settings) {
    if (!settings.isEmpty()) {
      return true;
    }
    try {
      Path path = Path.of(location);
      if (Files.isDirectory(path)) {
        return !Files.exists(path.resolve("model_index.json")) && holdsTable(path);
      }
    } catch (InvalidPathException e) {
      return false;
    }
    String name = location.toLowerCase(Locale.ROOT);
    return FILE_OF_TABLE.matcher(name).matches() && !name.endsWith("model_index.json");
  }

  private static boolean holdsTable(Path folder) {
    try (Stream<Path> files = Files.walk(folder, DEEPEST)) {
      return files.anyMatch(
          file ->
              FILE_IN_FOLDER.matcher(file.toString().toLowerCase(Locale.ROOT)).matches()
                  && !file.equals(folder));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  /** Spark wants Log4j whole, of which what looks at models takes a part that starts faster. */
  static void logAsSparkDoes(String... arguments) {
    List<String> given =
        Arrays.stream(arguments).filter(argument -> !argument.startsWith("-")).toList();
    if (!given.isEmpty() && isTable(given.get(0), given.subList(1, given.size()))) {
      System.clearProperty("log4j2.loggerContextFactory");
    }
  }

  /** Prints what a table is and gives the exit code. */
  int of(String location, List<String> settings) {
    InputConfig.Table table = withSlash(InputConfig.Table.load(location, settings));
    TableReport.requireLocal(table, conf());
    SparkSession spark = SparkSession.builder().config(conf()).getOrCreate();
    TableReport report = TableReport.of(spark, table);
    report.facts().forEach(out::println);
    report.problems().forEach(err::println);
    return report.problems().isEmpty() ? ExitCode.DONE : ExitCode.NOT_USABLE;
  }

  /** A folder here is no name of a catalog's table. */
  private static InputConfig.Table withSlash(InputConfig.Table table) {
    boolean isFolder =
        table.format() == TableFormat.AUTO
            && table.storedFormat() == TableFormat.TABLE
            && Files.isDirectory(Path.of(table.location()));
    return isFolder
        ? new InputConfig.Table(
            "./" + table.location(), TableFormat.AUTO, table.options(), table.columns())
        : table;
  }

  private static SparkConf conf() {
    return new SparkConf()
        .setIfMissing("spark.master", "local[*]")
        .setIfMissing("spark.app.name", "spark-diffusion-check")
        .setIfMissing("spark.driver.host", "127.0.0.1")
        .setIfMissing("spark.driver.bindAddress", "127.0.0.1")
        .setIfMissing("spark.ui.enabled", "false")
        .setIfMissing("spark.sql.shuffle.partitions", "4");
  }
}
