package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.TableFormat;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTableTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void readsCsvAsTextWithOtherColumns() throws IOException {
    Path file =
        write(
            "p.csv",
            """
            id,style,prompt,seed
            a,oil,"a ""red"" fox,
            asleep",7
            b,,plain,
            """);
    PromptTable table = read(file);
    table.checkIds();
    List<Row> rows = table.rows().orderBy("id").collectAsList();
    assertThat(table.columns().read()).containsExactly("id", "prompt", "seed");
    assertThat(table.columns().cells(rows.get(0)))
        .isEqualTo(Map.of("id", "a", "prompt", "a \"red\" fox,\nasleep", "seed", "7"));
    assertThat(table.columns().passedThrough(rows.get(0))).containsExactly("oil");
    assertThat(table.columns().cells(rows.get(1))).containsEntry("seed", null);
  }

  /** Counted by the driver where rows are few, by Spark where they are many. */
  @Test
  void tellsTheDifferentValuesOfAColumn() throws IOException {
    PromptTable table =
        read(
            write(
                "l.csv",
                "id,prompt,loras\na,x, y \nb,x,\nc,x,none\nd,x,none\ne,x,y\nf,x,none,malformed\n"));
    for (Optional<List<Row>> rows : List.of(table.few(), Optional.<List<Row>>empty())) {
      assertThat(table.texts(Parameters.LORAS, rows, 3)).containsExactlyInAnyOrder("y", "none");
      assertThat(table.texts(Parameters.NEGATIVE_PROMPT, rows, 3)).isEmpty();
      assertThatThrownBy(() -> table.texts(Parameters.LORAS, rows, 1))
          .isInstanceOf(ProblemsException.class)
          .hasMessage(
              "Cannot use column loras of prompts %s: it must have at most 1 different values (there are more)"
                  .formatted(table.name()));
    }
  }

  @Test
  void readsCsvWithByteOrderMark() throws IOException {
    PromptTable table = read(write("bom.csv", "\uFEFFid,prompt\na,fox\n"));
    table.checkIds();
    assertThat(table.columns().read()).containsExactly("id", "prompt");
  }

  @Test
  void readsJsonLinesAndIntegerIds() throws IOException {
    PromptTable table =
        read(write("p.jsonl", "{\"id\": 12, \"prompt\": \"fox\", \"guidance_scale\": 5.5}\n"));
    table.checkIds();
    assertThat(table.columns().cells(table.rows().head()))
        .isEqualTo(Map.of("id", "12", "prompt", "fox", "guidance_scale", 5.5));
  }

  @Test
  void readsParquetAndWidensNumbers() {
    Path file = folder.resolve("p.parquet");
    sql("select 'a' id, 'fox' prompt, cast(3 as short) seed, cast(2.5 as float) guidance_scale")
        .write()
        .parquet(file.toString());
    PromptTable table = read(file);
    table.checkIds();
    assertThat(table.columns().cells(table.rows().head()))
        .isEqualTo(Map.of("id", "a", "prompt", "fox", "seed", (short) 3, "guidance_scale", 2.5f));
  }

  @Test
  void readsTableOfSparksCatalog() {
    sql("select 'a' id, 'fox' prompt").createOrReplaceTempView("prompt_view");
    PromptTable table = read(new InputConfig.Table("prompt_view", TableFormat.TABLE));
    table.checkIds();
    assertThat(table.rows().count()).isEqualTo(1);
  }

  @Test
  void readsSinglePromptWithTheJobsSeed() {
    PromptTable table =
        PromptTable.read(spark, new InputConfig.Single("fox"), 42, PromptTableTest::isTaken);
    table.checkIds();
    assertThat(table.columns().cells(table.rows().head()))
        .isEqualTo(Map.of("id", "prompt", "prompt", "fox", "seed", 42L));
  }

  @Test
  void takesEmptyTables() throws IOException {
    for (Path file :
        List.of(write("none.csv", ""), write("none.jsonl", ""), write("h.csv", "id,prompt\n"))) {
      PromptTable table = read(file);
      table.checkIds();
      assertThat(table.rows().count()).as(file.toString()).isZero();
    }
  }

  @Test
  void namesEveryWrongColumnAtOnce() {
    Path file = folder.resolve("wrong.parquet");
    sql("select 1.5D id, 'many' seed, true height, 'x' as Status").write().parquet(file.toString());
    assertProblems(
        () -> read(file),
        "Cannot use prompts %s: a column prompt must be there, else set prompt_column (id, seed, height, Status)"
            .formatted(file),
        "Cannot use column id of prompts %s: it must be text or an integer (double)"
            .formatted(file),
        "Cannot use column seed of prompts %s: it must be a number (string)".formatted(file),
        "Cannot use column height of prompts %s: it must be a number (boolean)".formatted(file),
        "Cannot pass column Status of prompts %s through: the result has a column of that name;"
                .formatted(file)
            + " rename it or name it in ignore_columns");
  }

  @Test
  void refusesMissingAndRepeatedIds() throws IOException {
    Path missing = write("missing.csv", "id,prompt\n,fox\n\"  \",hare\na,owl\n");
    assertProblems(
        () -> read(missing).checkIds(),
        "Cannot use prompts %s: every row must have an id (2 have none)".formatted(missing));
    StringBuilder text = new StringBuilder("id,prompt\n");
    for (String id : List.of("a", "b", "c", "d", "e", "f", "g")) {
      text.append((id + ",fox\n").repeat(2));
    }
    Path repeated = write("repeated.csv", text.toString());
    assertProblems(
        () -> read(repeated).checkIds(),
        "Cannot use prompts %s: every id must occur once (repeated: a, b, c, d, e and others)"
            .formatted(repeated));
  }

  @Test
  void marksCsvLinesWithOtherColumns() throws IOException {
    PromptTable table = read(write("ragged.csv", "id,prompt\na,fox,more\nb,owl\n"));
    table.checkIds();
    List<Row> rows = table.rows().orderBy("id").collectAsList();
    assertThat(rows).extracting(table.columns()::isMalformed).containsExactly(true, false);
  }

  @Test
  void refusesLinesThatAreNotJson() throws IOException {
    Path some = write("some.jsonl", "{\"id\": \"a\", \"prompt\": \"fox\"}\n{\"id\": oops\n");
    assertProblems(
        () -> read(some).checkIds(),
        "Cannot read prompts %s: every line must be a whole record (1 are not)".formatted(some));
    Path none = write("none.jsonl", "no\nnever\n");
    assertProblems(
        () -> read(none),
        "Cannot read prompts %s: every line must be a JSON object (none is)".formatted(none));
  }

  @Test
  void saysWhyATableCannotBeRead() throws IOException {
    Path absent = folder.resolve("absent.csv");
    assertProblems(
        () -> read(absent),
        "Cannot read prompts %s: the file must exist (missing)".formatted(absent));
    assertThatThrownBy(() -> read(new InputConfig.Table("no_such_table", TableFormat.TABLE)))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot read prompts no_such_table: Spark must be able to read it as table, else set"
                + " prompts_format (The table or view `no_such_table` cannot be found.");
    Path text = write("text.parquet", "this is no Parquet file");
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot read prompts %s: Spark must be able to read it as parquet, else set "
                .formatted(text))
        .hasMessageContaining("is not a Parquet file");
  }

  private static void assertProblems(ThrowingCallable call, String... problems) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e -> assertThat(e.problems()).containsExactlyInAnyOrder(problems));
  }

  private Dataset<Row> sql(String query) {
    return spark.sql(query);
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private PromptTable read(Path file) {
    return read(new InputConfig.Table(file.toString(), TableFormat.AUTO));
  }

  private PromptTable read(InputConfig.Table table) {
    return PromptTable.read(spark, table, 0, PromptTableTest::isTaken);
  }

  private static boolean isTaken(String name) {
    return name.equalsIgnoreCase("status");
  }
}
