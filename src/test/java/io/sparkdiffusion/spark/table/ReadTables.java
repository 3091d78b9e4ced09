package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.LocalSpark;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Tables as a job reads them. */
final class ReadTables {

  private static final SparkSession SPARK = LocalSpark.session();

  private ReadTables() {}

  /** Reads and checks a table. */
  static PromptTable read(String location, String... settings) {
    InputConfig.Table table = InputConfig.Table.load(location, List.of(settings));
    PromptTable read = PromptTable.read(SPARK, table, 0, ResultColumns::isTaken);
    read.checkIds();
    return read;
  }

  /** The parameters of every row, by id. */
  static List<Map<String, Object>> cells(PromptTable table) {
    return table.rows().orderBy("id").collectAsList().stream().map(table.columns()::cells).toList();
  }

  /** The prompts, by id. */
  static List<Object> prompts(Path file, String... settings) {
    return cells(read(file.toString(), settings)).stream().map(row -> row.get("prompt")).toList();
  }

  /** The ids, in the order of texts. */
  static List<Object> ids(Path file, String... settings) {
    return cells(read(file.toString(), settings)).stream().map(row -> row.get("id")).toList();
  }

  /** Reads a table and expects one line for each problem, with FILE for the table. */
  static void assertRefused(Path file, String line, String... settings) {
    assertRefused(file.toString(), line, settings);
  }

  /** The same for any location. */
  static void assertRefused(String file, String line, String... settings) {
    assertThatThrownBy(() -> read(file, settings))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e -> assertThat(e.problems()).containsExactly(line.replace("FILE", file).split("\n")));
  }
}
