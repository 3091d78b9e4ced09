package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The files of a table of text, each read once before Spark reads them: what Spark's readers
 * replace or misread without a word is found here. A large table is read by the executors, a file
 * by a task.
 */
final class TextFiles {

  /** What the driver reads itself: less than a Spark job takes. */
  private static final long SMALL_BYTES = 8L << 20;

  private static final int FEW_FILES = 32;
  private static final int MOST_SLICES = 10_000;
  private static final int FILES_NAMED = 5;

  private final InputConfig.Table table;
  private final List<TextFacts> facts;

  private TextFiles(InputConfig.Table table, List<TextFacts> facts) {
    this.table = table;
    this.facts = facts;
  }

  /**
   * Reads all files.
   *
   * @throws ProblemsException where one is not what it should be
   */
  static TextFiles read(
      SparkSession spark, InputConfig.Table table, List<String> files, Configuration hadoop) {
    TextFiles read = new TextFiles(table, facts(spark, table, files, hadoop));
    List<TextFacts> wrong = read.facts.stream().filter(TextFacts::isWrong).toList();
    if (!wrong.isEmpty()) {
      throw new ProblemsException(read.problems(wrong));
    }
    return read;
  }

  private static List<TextFacts> facts(
      SparkSession spark, InputConfig.Table table, List<String> files, Configuration hadoop) {
    Examine examine = new Examine(table, new SerializableConfiguration(hadoop));
    if (isSmall(files, hadoop)) {
      return files.stream().map(examine::call).toList();
    }
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(files, Math.min(files.size(), MOST_SLICES))
        .map(examine)
        .collect();
  }

  private static boolean isSmall(List<String> files, Configuration hadoop) {
    if (files.size() > FEW_FILES) {
      return false;
    }
    long bytes = 0;
    try {
      for (String file : files) {
        Path path = new Path(file);
        bytes += path.getFileSystem(hadoop).getFileStatus(path).getLen();
      }
    } catch (IOException e) {
      return true; // reading says what is wrong with it
    }
    return bytes <= SMALL_BYTES;
  }

  private List<String> problems(List<TextFacts> wrong) {
    List<String> problems = new ArrayList<>();
    wrong.stream().limit(FILES_NAMED).forEach(file -> problems.add(problem(file)));
    if (wrong.size() > FILES_NAMED) {
      problems.add(
          "Cannot read prompts %s: every file must be readable (%s are not)"
              .formatted(table.location(), wrong.size()));
    }
    return problems;
  }

  private String problem(TextFacts file) {
    String place = facts.size() == 1 ? file.place() : file.place() + ", in " + file.name();
    return "Cannot read prompts %s: %s (%s)".formatted(table.location(), file.rule(), place);
  }

  List<String> names() {
    return facts.stream().map(TextFacts::file).toList();
  }

  /** Whether each file is one list or object, rather than one in each line. */
  boolean areDocuments() {
    boolean areLists = facts.stream().anyMatch(TextFacts::isList);
    boolean areLines = facts.stream().anyMatch(file -> file.first() != '\0' && !file.isList());
    if (table.options().isOn("multiLine")) {
      return true;
    }
    if (areLists && areLines) {
      throw new ProblemsException(
          "Cannot read prompts %s: all files must be lists or none (some are)"
              .formatted(table.location()));
    }
    return areLists;
  }

  /** The names of columns, which all files must share; none in a table without a byte. */
  List<String> header() {
    List<TextFacts> named = facts.stream().filter(file -> !file.header().isEmpty()).toList();
    for (TextFacts file : named) {
      if (!file.header().equals(named.get(0).header())) {
        throw new ProblemsException(
            "Cannot read prompts %s: all files must have the same first line of names (%s has others than %s)"
                .formatted(table.location(), file.name(), named.get(0).name()));
      }
    }
    return named.isEmpty() ? List.of() : named.get(0).header();
  }

  private static final class Examine implements Function<String, TextFacts> {

    private static final long serialVersionUID = 1L;

    private final InputConfig.Table table;
    private final SerializableConfiguration hadoop;

    Examine(InputConfig.Table table, SerializableConfiguration hadoop) {
      this.table = table;
      this.hadoop = hadoop;
    }

    @Override
    public TextFacts call(String file) {
      return TextFacts.of(file, table, hadoop.value());
    }
  }
}
