package io.sparkdiffusion;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables of decision 0006 and of docs/kernels.md are made from docs/kernels.json. */
class KernelPageTest {

  private static final Path DATA = Path.of("docs/kernels.json");
  private static final Path DECISION = Path.of("docs/decisions/0006-kernels-on-a-cpu.md");
  private static final Path PAGE = Path.of("docs/kernels.md");

  /** A kind of rows and what the page shows of them. */
  enum Table {
    PASSES(DECISION, "pass", "| kernel | where | what | before / after | test |", Table::kept),
    MEASURED(PAGE, "measured", "| kernel | before / after |", Table::measured),
    SETTINGS(PAGE, "setting", "| what | where | why | before / after | test |", Table::kept),
    NOT_TAKEN(PAGE, "not taken", "| what | result |", Table::measured);

    private final Path page;
    private final String mark;
    private final String head;
    private final Function<JsonNode, String> line;

    Table(Path page, String mark, String head, Function<JsonNode, String> line) {
      this.page = page;
      this.mark = mark;
      this.head = head;
      this.line = line;
    }

    /** The first of the measurements stands for all. */
    private static String kept(JsonNode row) {
      List<String> cells =
          List.of(
              code(text(row, "kernel"), text(row, "kind").equals("pass")),
              text(row, "targets"),
              text(row, "what"),
              gains(row).get(0),
              code(text(row, "test"), !text(row, "test").isEmpty()));
      return "| " + String.join(" | ", cells) + " |";
    }

    private static String measured(JsonNode row) {
      String name = code(text(row, "kernel"), text(row, "kind").equals("pass"));
      return "| %s | %s |".formatted(name, String.join("; ", gains(row)));
    }

    private static String code(String text, boolean isCode) {
      return isCode ? "`" + text + "`" : text;
    }

    private String kind() {
      return this == MEASURED ? PASSES.mark : mark;
    }

    /** The page with this table between its marks. */
    String made() throws IOException {
      long columns = head.chars().filter(c -> c == '|').count() - 1;
      String rule = "|" + "---|".repeat(Math.toIntExact(columns));
      String table =
          Stream.concat(Stream.of(head, rule), rows(kind()).stream().map(line))
              .collect(joining("\n", "", "\n"));
      Pattern place = Pattern.compile("(?s)(?<=<!-- %s -->\n).*?(?=<!-- end -->)".formatted(mark));
      String text = Files.readString(page);
      assertThat(text).containsPattern(place);
      return place.matcher(text).replaceFirst(Matcher.quoteReplacement(table));
    }
  }

  /** With {@code -Dsparkdiffusion.write=true} the pages are written anew. */
  @ParameterizedTest
  @EnumSource(Table.class)
  void thePagesHaveTheTablesOfTheData(Table table) throws IOException {
    String made = table.made();
    if (Boolean.getBoolean("sparkdiffusion.write")) {
      Files.writeString(table.page, made);
    }
    assertThat(Files.readString(table.page)).isEqualTo(made);
  }

  @Test
  void everyRowIsOfOneKindAndSaysWhatWasMeasured() throws IOException {
    assertThat(rows())
        .isNotEmpty()
        .allMatch(row -> List.of("pass", "setting", "not taken").contains(text(row, "kind")))
        .noneMatch(row -> text(row, "kernel").isBlank() || gains(row).isEmpty())
        .extracting(row -> text(row, "kernel"))
        .doesNotHaveDuplicates();
  }

  @Test
  void everyPassHasATest() throws IOException {
    assertThat(rows("pass")).noneMatch(row -> text(row, "test").isEmpty());
    assertThat(rows())
        .extracting(row -> text(row, "test"))
        .filteredOn(test -> !test.isEmpty())
        .isSubsetOf(testClasses());
  }

  private static List<String> testClasses() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith("Test.java"))
          .map(name -> name.replace(".java", ""))
          .toList();
    }
  }

  private static List<JsonNode> rows(String kind) throws IOException {
    return rows().stream().filter(row -> text(row, "kind").equals(kind)).toList();
  }

  private static List<JsonNode> rows() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    new ObjectMapper().readTree(DATA.toFile()).forEach(rows::add);
    return rows;
  }

  private static List<String> gains(JsonNode row) {
    List<String> gains = new ArrayList<>();
    row.path("gain").forEach(gain -> gains.add(gain.asText()));
    return gains;
  }

  private static String text(JsonNode row, String key) {
    return row.path(key).asText();
  }
}
