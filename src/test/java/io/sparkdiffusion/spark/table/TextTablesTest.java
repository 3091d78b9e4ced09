package io.sparkdiffusion.spark.table;

import static io.sparkdiffusion.spark.table.ReadTables.assertRefused;
import static io.sparkdiffusion.spark.table.ReadTables.cells;
import static io.sparkdiffusion.spark.table.ReadTables.ids;
import static io.sparkdiffusion.spark.table.ReadTables.prompts;
import static io.sparkdiffusion.spark.table.ReadTables.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.SaveMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text is what its bytes say, or refused with what to set. */
class TextTablesTest {

  private static final String TABLE = "id,prompt\na,ein rötlicher Käse\nb,schön\n";
  private static final List<Object> PROMPTS = List.of("ein rötlicher Käse", "schön");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"windows-1252", "ISO-8859-1", "ISO-8859-15"})
  void refusesLettersOfOneByteAndReadsThemWhereTheyAreSaid(String encoding) throws IOException {
    Path file = write("p.csv", TABLE, encoding);
    assertRefused(
        file,
        "Cannot read prompts FILE: its text must be UTF-8, else set"
            + " prompts_options={encoding: windows-1252}, or what it is in (line 2 is not)");
    assertThat(prompts(file, "prompts_options={encoding: " + encoding + "}")).isEqualTo(PROMPTS);
  }

  @ParameterizedTest
  @CsvSource({
    "UTF-16, UTF-16",
    "x-UTF-16LE-BOM, UTF-16",
    "UTF-16LE, UTF-16LE",
    "UTF-16BE, UTF-16BE",
    "UTF-32LE, UTF-32LE",
    "UTF-32BE, UTF-32BE"
  })
  void refusesLettersOfMoreBytesAndReadsThemWhereTheyAreSaid(String written, String said)
      throws IOException {
    for (String name : List.of("p.csv", "p.jsonl", "p.json", "p.txt")) {
      String text =
          switch (name) {
            case "p.csv" -> TABLE;
            case "p.txt" -> "ein rötlicher Käse\nschön\n";
            case "p.json" ->
                """
                [{"id": "a", "prompt": "ein rötlicher Käse"},
                 {"id": "b", "prompt": "schön"}]""";
            default ->
                """
                {"id": "a", "prompt": "ein rötlicher Käse"}
                {"id": "b", "prompt": "schön"}
                """;
          };
      Path file = write(name, text, written);
      String rule =
          said.equals("UTF-16")
              ? "its text must be UTF-8, else set prompts_options={encoding: UTF-16} (it begins"
                  + " with the mark of UTF-16)"
              : "its text must be UTF-8 without NUL characters, else set"
                  + " prompts_options={encoding: "
                  + said
                  + "} (line 1 has some)";
      assertRefused(file, "Cannot read prompts FILE: " + rule);
      assertThat(prompts(file, "prompts_options={encoding: " + said + "}"))
          .as(name)
          .containsExactlyInAnyOrderElementsOf(PROMPTS);
    }
  }

  @Test
  void refusesNulCharactersAndHalfCharacters() throws IOException {
    assertRefused(
        write("nul.csv", "id,prompt\na,\0\0\0\nb,x\n"),
        "Cannot read prompts FILE: its text must have no NUL characters (line 2 has some)");
    for (String half : List.of("\\ud800", "\\udfff y", "\\ud83d\\u0041")) {
      assertRefused(
          write(
              "half.jsonl",
              "{\"id\":\"a\",\"prompt\":\"\\ud83e\\udd8a\"}\n{\"id\":\"" + half + "\"}\n"),
          "Cannot read prompts FILE: a character must be whole (line 2 has half of one, \\ud8…)");
    }
  }

  @Test
  void takesTheMarkOfUtf8() throws IOException {
    for (String name : List.of("bom.csv", "bom.tsv")) {
      String table = name.endsWith("tsv") ? TABLE.replace(',', '\t') : TABLE;
      assertThat(prompts(write(name, "\uFEFF" + table))).isEqualTo(PROMPTS);
    }
    String lines = "{\"id\":\"a\",\"prompt\":\"fox\"}\n{\"id\":\"b\",\"prompt\":\"owl\"}\n";
    assertThat(prompts(write("bom.jsonl", "\uFEFF" + lines))).containsExactly("fox", "owl");
    String list = "[" + lines.strip().replace("\n", ",") + "]";
    assertThat(prompts(write("bom.json", "\uFEFF" + list))).containsExactly("fox", "owl");
    assertThat(prompts(write("bom.txt", "\uFEFFfox\n"))).containsExactly("fox");
  }

  /** More than the driver reads itself. */
  @Test
  void findsAWrongByteInALargeTableOfManyFiles() throws IOException {
    Path many = Files.createDirectory(folder.resolve("many.csv"));
    for (int i = 0; i < 40; i++) {
      Files.writeString(many.resolve("part-%02d.csv".formatted(i)), "id,prompt\n" + i + ",fox\n");
    }
    assertThat(ids(many)).hasSize(40);
    Files.writeString(many.resolve("part-17.csv"), "id,prompt\n17,Käse\n", charset("windows-1252"));
    assertRefused(
        many,
        "Cannot read prompts FILE: its text must be UTF-8, else set"
            + " prompts_options={encoding: windows-1252}, or what it is in (line 2 is not, in"
            + " part-17.csv)");
  }

  @Test
  void looksIntoCompressedFiles() throws IOException {
    Path file = folder.resolve("p.csv.gz");
    for (String encoding : List.of("windows-1252", "UTF-8")) {
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
        out.write(TABLE.getBytes(charset(encoding)));
      }
      if (encoding.equals("UTF-8")) {
        assertThat(prompts(file)).isEqualTo(PROMPTS);
      } else {
        assertRefused(
            file,
            "Cannot read prompts FILE: its text must be UTF-8, else set"
                + " prompts_options={encoding: windows-1252}, or what it is in (line 2 is not)");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"'a,\"never closed\nb,x\nc,y\n', 2", "'a,x\nb,\"never,1\nc,y', 3", "'a,x\nb,\"', 3"})
  void namesTheLineWhereAQuoteOpensThatIsNeverClosed(String rows, int line) throws IOException {
    assertRefused(
        write("p.csv", "id,prompt\n" + rows),
        "Cannot read prompts FILE: every quote must be closed (the one in line %d is not)"
            .formatted(line));
  }

  @Test
  void namesTheLinesOfAQuoteThatClosesInsideALaterRow() throws IOException {
    assertRefused(
        write("p.csv", "id,prompt\na,\"never closed\nb,\"a fox, asleep\"\n"),
        "Cannot read prompts FILE: a quote inside quotes must be doubled and every quote closed"
            + " (text stands behind a quote in line 3, its field opens in line 2)");
    assertRefused(
        write("p.tsv", "id\tprompt\na\t\"red\" fox\n"),
        "Cannot read prompts FILE: a quote inside quotes must be doubled and every quote closed,"
            + " else set prompts_options={quote: ''} where quotes mean nothing (text stands behind a"
            + " quote in line 2, its field opens in line 2)");
    assertThat(prompts(folder.resolve("p.tsv"), "prompts_options={quote: ''}"))
        .containsExactly("\"red\" fox");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a \\\"blue\\\" circle",
        "a sign, \\\"red star\\\"",
        "a 12\\\"",
        "he said \\\", ok\\\"",
        "\\\""
      })
  void asksForTheEscapeOfSparksOwnWriter(String written) throws IOException {
    Path file = write("p.csv", "id,prompt,seed\nx,plain,1\na,\"" + written + "\",2\nb,last,3\n");
    assertRefused(
        file,
        "Cannot read prompts FILE: a backslash must not stand before quotes, else set"
            + " prompts_options={escape: '\\\\'} (line 3)");
    for (String escape : List.of("{escape: '\\\\'}", "{escape: '\\'}", "{escape: \"\\\\\"}")) {
      assertThat(prompts(file, "prompts_options=" + escape))
          .containsExactly(written.replace("\\\"", "\""), "last", "plain");
    }
  }

  @Test
  void readsWhatSparkItselfHasWritten() {
    Path file = folder.resolve("written.csv");
    LocalSpark.session()
        .sql("select 'a' id, 'a \"blue\" fox, \\\\ asleep' prompt")
        .write()
        .mode(SaveMode.Overwrite)
        .option("header", true)
        .csv(file.toString());
    assertThat(prompts(file, "prompts_options={escape: '\\'}"))
        .containsExactly("a \"blue\" fox, \\ asleep");
  }

  @Test
  void refusesAnEscapeThatTheTableDoesNotHave() throws IOException {
    assertRefused(
        write("p.csv", "id,prompt\na,\"a \"\"red\"\" fox\"\n"),
        "Cannot read prompts FILE: quotes inside quotes are doubled there, leave escape out of"
            + " prompts_options (line 2)",
        "prompts_options={escape: '\\'}");
  }

  /** RFC 4180: backslashes, line breaks, doubled quotes and quotes of inches are all characters. */
  @Test
  void refusesNoGoodTable() throws IOException {
    Path file =
        write(
            "p.csv",
            """
            id,prompt,seed
            a,"C:\\path\\ a red star \\",1
            b,a 12" red star,2
            c,"two
            lines, ""quoted\""",3
            d,back\\slash,4
            """);
    assertThat(prompts(file))
        .containsExactly(
            "C:\\path\\ a red star \\", "a 12\" red star", "two\nlines, \"quoted\"", "back\\slash");
    assertThat(cells(read(file.toString())))
        .extracting(row -> row.get("seed"))
        .containsExactly("1", "2", "3", "4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void takesEveryLineEnd(String end) throws IOException {
    Path file = write("p.csv", "id,prompt,seed\na,\"x\ny\",1\nb,z,2\n".replace("\n", end));
    assertThat(prompts(file)).containsExactly("x\ny", "z");
    assertThat(prompts(write("p.txt", "x\ny\n".replace("\n", end)))).hasSize(2);
  }

  @Test
  void keepsAnEmptyPromptAndTakesAnEmptyFieldForNone() throws IOException {
    Path file = write("p.csv", "id,prompt,negative_prompt,note\na,\"\",\"\",\"\"\nb,,,\n");
    PromptTable table = read(file.toString());
    assertThat(prompts(file)).containsExactly("", null);
    assertThat(cells(table)).extracting(row -> row.get("negative_prompt")).containsOnlyNulls();
    assertThat(table.rows().collectAsList())
        .allSatisfy(row -> assertThat(table.columns().passedThrough(row)).containsOnlyNulls());
  }

  @Test
  void passesOptionsOnToSpark() throws IOException {
    Path file =
        write("p.csv", "# a comment, \"\nid; prompt; seed\na; 'a fox; asleep'; NA\n# more\n");
    assertThat(
            cells(
                read(
                    file.toString(),
                    "prompts_options={delimiter: ';', quote: \"'\", comment: '#', nullvalue: NA,"
                        + " ignoreLeadingWhiteSpace: true}")))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row).containsEntry("prompt", "a fox; asleep").containsEntry("seed", null);
            });
    assertThat(prompts(write("tabs.tsv", "id\tprompt\na\tred, fox\n"))).containsExactly("red, fox");
    assertThat(
            prompts(write("two.csv", "id||prompt\na||red | fox\n"), "prompts_options={sep: '||'}"))
        .containsExactly("red | fox");
  }

  @Test
  void namesTheSeparatorAndTheSpacesOfALineOfNames() throws IOException {
    assertRefused(
        write("semicolons.csv", "id;prompt\na;fox\n"),
        "Cannot read prompts FILE: its columns must be between ',', else set"
            + " prompts_options={sep: ';'} (id;prompt)");
    assertRefused(
        write("spaces.csv", "id, prompt, seed\na, fox, 1\n"),
        "Cannot read prompts FILE: names of columns must have no spaces around them, else set"
            + " prompts_options={ignoreLeadingWhiteSpace: true} (' prompt', ' seed')");
    assertThat(
            prompts(
                folder.resolve("spaces.csv"), "prompts_options={ignoreLeadingWhiteSpace: true}"))
        .containsExactly("fox");
    assertRefused(
        write("twice.csv", "id,prompt,Prompt\na,x,y\n"),
        "Cannot read prompts FILE: a column must occur once, in whatever case (prompt, Prompt)");
  }

  @Test
  void readsColumnsWithoutNames() throws IOException {
    PromptTable index = read(write("index.csv", ",id,prompt\n0,a,fox\n1,b,owl\n").toString());
    assertThat(index.columns().passedThrough())
        .extracting(field -> field.name())
        .containsExactly("_c0");
    assertThat(prompts(write("comma.csv", "id,prompt,\na,fox,\nb,owl,\n")))
        .containsExactly("fox", "owl");
  }

  @Test
  void wantsOneLineOfNamesInAllFiles() throws IOException {
    Path files = Files.createDirectory(folder.resolve("files.csv"));
    Files.writeString(files.resolve("a.csv"), "id,prompt\na,fox\n");
    Files.writeString(files.resolve("b.csv"), "prompt,id\nowl,b\n");
    assertRefused(
        files,
        "Cannot read prompts FILE: all files must have the same first line of names (b.csv has"
            + " others than a.csv)");
    Files.writeString(files.resolve("b.csv"), "id,prompt\nb,owl\n");
    assertThat(prompts(files)).containsExactly("fox", "owl");
  }

  private Path write(String name, String text) throws IOException {
    return write(name, text, "UTF-8");
  }

  private Path write(String name, String text, String encoding) throws IOException {
    return Files.write(folder.resolve(name), text.getBytes(charset(encoding)));
  }

  private static Charset charset(String name) {
    return name.equals("UTF-8") ? StandardCharsets.UTF_8 : Charset.forName(name);
  }
}
