package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableCheckTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @BeforeAll
  static void startSpark() {
    LocalSpark.session();
  }

  @Test
  void tellsWhatWouldBeRead() throws IOException {
    Path file =
        write(
            "p.csv",
            "id;prompt;seed;style\na;a red\u202e fox;7;oil\nb;%s;;\nc;\"\";;\n"
                .formatted("long ".repeat(40)));

    assertThat(run(file.toString(), "prompts_options={sep: ';'}")).as(text(err)).isZero();

    assertThat(text(err)).isEmpty();
    assertThat(text(out))
        .isEqualTo(
            """
            Table: %s
            Format: csv
            Files: 1
            Read: id, prompt, seed
            Passed through: style
            Rows: 3
            First rows:
              a, seed 7
                a red\\u202E fox
              b
                %s…
              c
                (empty)
            """
                .formatted(file, "long ".repeat(24)));
  }

  @Test
  void tellsWhatIsWrongWithRowsAndTables() throws IOException {
    Path rows = write("rows.csv", "id,prompt,seed\na,fox,many\nb,fox,1,2\nc,,1\nd,owl,few\n");
    assertThat(run(rows.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .isEqualTo(
            """
            Cannot draw 2 rows of prompts FILE: Cannot read seed: it must be a whole number in range
            Cannot draw 1 row of prompts FILE: Cannot read the row: it must have the table's columns, no more and no fewer
            Cannot draw 1 row of prompts FILE: Cannot use prompt: it must not be null
            """
                .replace("FILE", rows.toString()));
    err.reset();
    Path quote = write("quote.csv", "id,prompt\na,\"fox\nb,owl\n");
    assertThat(run(quote.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .isEqualTo(
            "Cannot read prompts %s: every quote must be closed (the one in line 2 is not)%n"
                .formatted(quote));
    err.reset();
    Path missing = folder.resolve("missing.parquet");
    assertThat(run(missing.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .isEqualTo("Cannot read prompts %s: the file must exist (missing)%n".formatted(missing));
    err.reset();
    assertThat(run(rows.toString(), "seed=7")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).startsWith("Cannot use seed: a table is read by prompts_format,");
  }

  /** By what a row says: no file is looked at. */
  @Test
  void tellsWhichLorasAreNone() throws IOException {
    Path rows =
        write(
            "loras.csv",
            """
            id,prompt,loras
            a,fox,none
            b,fox,
            c,fox,an owl
            d,fox,x.safetensors:9e9
            e,fox,x.safetensors:9
            """);
    assertThat(run(rows.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .isEqualTo(
            """
            Cannot draw 1 row of prompts FILE: Cannot use loras: a weight must be a number from -100 to 100
            Cannot draw 1 row of prompts FILE: Cannot use loras: each must be PATH or PATH:WEIGHT of a .safetensors file, or all of it none
            """
                .replace("FILE", rows.toString()));
  }

  @Test
  void tellsWhichRowsHaveEmbeddings() throws IOException {
    Path rows =
        write(
            "p.jsonl",
            """
            {"id": "a", "prompt_embeds": [[1, 0.5], [2, 3]]}
            {"id": "b", "prompt_embeds": [[1, 2], [3]]}
            """);
    assertThat(run(rows.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(out)).contains("Read: id, prompt_embeds\n", "  a, prompt_embeds of 2 rows\n");
    assertThat(text(err))
        .isEqualTo(
            "Cannot draw 1 row of prompts %s: Cannot read prompt_embeds: it must have rows of one width; Cannot use prompt: it must not be null\n"
                .formatted(rows));

    Path texts = write("p.csv", "id,prompt_embeds\na,1 2\n");
    assertThat(run(texts.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("it must be a list of lists of numbers (string)");
  }

  @Test
  void saysWhereIdsComeFrom() throws IOException {
    assertThat(run(write("p.txt", "fox\nfox\n").toString())).as(text(err)).isZero();
    assertThat(text(out))
        .contains(
            "Format: txt",
            "Read: prompt, id",
            "Passed through: nothing",
            "Ids: each prompt's SHA-256",
            "Rows: 2",
            "-2\n");
  }

  @Test
  void knowsTablesFromModels() throws IOException {
    Path table = Files.createDirectories(folder.resolve("t/split=a"));
    write("t/split=a/part-0.parquet", "x");
    for (String one :
        List.of(
            "p.csv", "P.TSV", "s3a://b/p.parquet", "p.jsonl.gz", table.getParent().toString())) {
      assertThat(TableCheck.isTable(one, List.of())).as(one).isTrue();
    }
    String model = EmbeddedModels.base().toString();
    for (String one :
        List.of(model, "org/name", "v2-1.safetensors", "nowhere", model + "/model_index.json")) {
      assertThat(TableCheck.isTable(one, List.of())).as(one).isFalse();
    }
    assertThat(TableCheck.isTable("lake.prompts", List.of("prompts_format=table"))).isTrue();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private int run(String... arguments) {
    return new Check(print(out), print(err), named -> null, (named, folder) -> null).run(arguments);
  }

  private static PrintStream print(ByteArrayOutputStream stream) {
    return new PrintStream(stream, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
