package io.sparkdiffusion.spark.table;

import static io.sparkdiffusion.spark.table.ReadTables.assertRefused;
import static io.sparkdiffusion.spark.table.ReadTables.cells;
import static io.sparkdiffusion.spark.table.ReadTables.prompts;
import static io.sparkdiffusion.spark.table.ReadTables.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonTableTest {

  @TempDir private Path folder;

  @Test
  void readsListsInOneLineAndInMany() throws IOException {
    String objects =
        "{\"id\": \"a\", \"prompt\": \"fox\"},\n  {\"id\": \"b\", \"prompt\": \"owl ]\"}";
    for (String list : new String[] {"[%s]", "\n[\n  %s\n]\n"}) {
      String text = list.formatted(objects);
      assertThat(prompts(write("p.json", text))).containsExactly("fox", "owl ]");
      assertThat(prompts(write("p.json", text.replaceAll("\n *", ""))))
          .containsExactly("fox", "owl ]");
    }
    assertThat(
            prompts(
                write("one.json", "{\n\"id\": \"a\",\n\"prompt\": \"fox\"}"),
                "prompts_options={multiLine: true}"))
        .containsExactly("fox");
  }

  @Test
  void refusesWhatStandsBehindAList() throws IOException {
    String list = "[{\"id\": \"a\", \"prompt\": \"fox\"}]";
    assertRefused(
        write("two.json", list + "\n" + list),
        "Cannot read prompts FILE: it must hold one list of objects, or an object in each line"
            + " (line 2 begins another)");
    assertRefused(
        write("half.json", list.substring(0, list.length() - 1) + ",\n"),
        "Cannot read prompts FILE: its list must be closed (the file ends in line 2)");
  }

  @Test
  void keepsAllDigitsOfASeedBesideFractions() throws IOException {
    Path file =
        write(
            "p.jsonl",
            """
            {"id": "a", "prompt": "fox", "seed": 9007199254740993}
            {"id": "b", "prompt": "fox", "seed": 1.5}
            {"id": "c", "prompt": "fox", "seed": 18446744073709551615}
            {"id": "d", "prompt": "fox", "seed": -9223372036854775808}
            """);
    assertThat(cells(read(file.toString())))
        .extracting(row -> row.get("seed"))
        .containsExactly("9007199254740993", "1.5", "18446744073709551615", "-9223372036854775808");
  }

  @Test
  void refusesNamesThatCannotBeToldApart() throws IOException {
    String choose = LocalSpark.isSpark4() ? "Choose" : "Consider to choose";
    assertRefused(
        write("case.jsonl", "{\"id\": \"a\", \"prompt\": \"fox\", \"ID\": \"b\"}\n"),
        "Cannot read prompts FILE: names of columns must differ by more than capitals (The column"
            + " `id` already exists. "
            + choose
            + " another name or rename the existing column.)");
    assertRefused(
        write(
            "own.jsonl",
            "{\"id\": \"a\", \"prompt\": \"fox\", \"spark_diffusion_malformed\": 1}\n"),
        "Cannot use column spark_diffusion_malformed of prompts FILE: the name must be free, rename"
            + " it (it is there)");
  }

  @Test
  void showsTextOfTheTableEscapedAndCut() throws IOException {
    String id = "x\\u001b[31m\\n12:00 ERROR \\u202e" + "y".repeat(200);
    String line = "{\"id\": \"%s\", \"prompt\": \"fox\"}\n".formatted(id);
    assertRefused(
        write("p.jsonl", line + line),
        "Cannot use prompts FILE: every id must occur once (repeated: x\\u001B[31m\\n12:00 ERROR"
            + " \\u202E"
            + "y".repeat(120 - 20)
            + "…)");
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
