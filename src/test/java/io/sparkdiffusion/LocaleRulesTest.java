package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No text depends on the user's locale: some write other digits than 0 to 9, some other small
 * letters for I. {@code formatted} has no locale, so that only what heeds none may stand in it:
 * {@code %s} for whole numbers too.
 */
class LocaleRulesTest {

  private static final List<Path> SOURCES =
      List.of(Path.of("src/main/java"), Path.of("src/djl-spark/java"));

  /** A string, a text block or a character. */
  private static final String LITERAL =
      "\"\"\"(?:[^\"]++|\"(?!\"\"))*+\"\"\"|\"(?:[^\"\\\\\\n]++|\\\\.)*+\"|'(?:[^'\\\\]|\\\\.)++'";

  /** A call whose first argument is a locale, with the literals that it formats. */
  private static final Pattern WITH_LOCALE =
      Pattern.compile(
          "(?:format|printf)\\(\\s*Locale\\.ROOT,\\s*\\(?\\s*(?:(?:"
              + LITERAL
              + ")[\\s+]*+)++|ofPattern\\((?:"
              + LITERAL
              + "), Locale\\.ROOT");

  private static final Pattern LITERALS = Pattern.compile(LITERAL);

  /** A conversion that asks the locale for digits, marks or capitals. */
  private static final Pattern BY_LOCALE =
      Pattern.compile("%(?:\\d+\\$)?[-#+ 0,(<]*\\d*(?:\\.\\d+)?[deEfgGaAtTSXBHC](?![\\w%])");

  private static final Pattern CALLS =
      Pattern.compile(
          "\\bString\\.format\\((?!\\s*Locale\\.)|\\.printf\\((?!\\s*Locale\\.)"
              + "|\\.to(?:Lower|Upper)Case\\(\\)|\\bofPattern\\(|\\bMessageFormat\\b"
              + "|\\bDecimalFormat\\b|\\bSimpleDateFormat\\b|\\bNumberFormat\\.get"
              + "|\\bofLocalized\\w+\\(|\\bnew Formatter\\((?!\\s*Locale\\.)|\\bnew Scanner\\(");

  @Test
  void noTextDependsOnTheUsersLocale() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path root : SOURCES) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          broken(Files.readString(file)).forEach(found -> broken.add(file + ": " + found));
        }
      }
    }
    assertThat(broken)
        .as("write %s, or String.format(Locale.ROOT, ...), toLowerCase(Locale.ROOT)")
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x = \"a %d\".formatted(1);",
        "x = (\"a\" + \"%1$,d b\").formatted(1);",
        "x = \"\"\"\n  %02d\n  \"\"\".formatted(1);",
        "x = String.format(\"%s\", 1);",
        "x = String.format(Locale.ROOT, \"%d\", \"%.1f\".formatted(2));",
        "private static final String ROW = \"%-5d|\";",
        "out.printf(\"%s\", 1);",
        "y.toLowerCase()",
        "DateTimeFormatter.ofPattern(\"yyyy\")"
      })
  void seesATextThatDoes(String source) {
    assertThat(broken(source)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x = \"a %s, 100 % done\".formatted(1);",
        "x = String.format(\n  Locale.ROOT,\n  \"%d\"\n + \" and %.1f\",\n 1, 2);",
        "out.printf(Locale.ROOT, \"%d%n\", 1);",
        "x = \"%02x\".formatted(1);",
        "y.toLowerCase(Locale.ROOT)"
      })
  void letsTheRestBe(String source) {
    assertThat(broken(source)).isEmpty();
  }

  private static List<String> broken(String source) {
    String rest = WITH_LOCALE.matcher(source.replaceAll("(?m)^\\s*//.*$", "")).replaceAll("");
    Stream<String> texts = LITERALS.matcher(rest).results().map(MatchResult::group);
    Stream<String> calls = CALLS.matcher(rest).results().map(MatchResult::group);
    return Stream.concat(texts.filter(BY_LOCALE.asPredicate()), calls).toList();
  }
}
