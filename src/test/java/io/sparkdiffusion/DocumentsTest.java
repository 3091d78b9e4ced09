package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lines, words, links and names of the documents. */
class DocumentsTest {

  private static final Path README = Path.of("README.md");
  private static final int LONGEST_LINE = 120;
  private static final int LONGEST_NOTE = 400;
  private static final String FIRST_SHORT_NOTE = "0011";
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern NAME = Pattern.compile(LINK.pattern() + "|`[^`]*`");
  private static final Pattern TEST = Pattern.compile("\\b[A-Z]\\w+(?:Test|IT)\\b");
  private static final Pattern SOURCE =
      Pattern.compile(
          "(?<![\\w/.:=$-])(?:jobs|tools|configs|models|notebooks|src)/[\\w./-]*\\w(?![\\w*{/-])");

  static Stream<Path> documents() {
    return Stream.concat(
        Stream.of(README, Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md")),
        Stream.of("docs", "notebooks", "tools", "models")
            .map(Path::of)
            .flatMap(DocumentsTest::below));
  }

  private static Stream<Path> below(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theReadmeIsOnePage() throws IOException {
    List<String> lines = Files.readAllLines(README);
    assertThat(lines).hasSizeLessThanOrEqualTo(160);
    assertThat(lines).allMatch(line -> line.length() <= LONGEST_LINE);
    assertThat(words(README)).isLessThanOrEqualTo(1600);
  }

  @Test
  void aDecisionIsOnePage() throws IOException {
    for (Path note : below(Path.of("docs/decisions")).toList()) {
      if (note.getFileName().toString().compareTo(FIRST_SHORT_NOTE) >= 0) {
        assertThat(words(note)).as("%s", note).isLessThanOrEqualTo(LONGEST_NOTE);
      }
    }
  }

  private static long words(Path document) throws IOException {
    return Stream.of(Files.readString(document).split("\\s+")).filter(w -> !w.isEmpty()).count();
  }

  /** A row of a table cannot be broken. */
  @ParameterizedTest
  @MethodSource("documents")
  void linesAreShort(Path document) throws IOException {
    assertThat(prose(document)).allMatch(line -> line.length() <= LONGEST_LINE);
  }

  @ParameterizedTest
  @MethodSource("documents")
  void anImageIsCalledSo(Path document) throws IOException {
    assertThat(prose(document).stream().map(line -> NAME.matcher(line).replaceAll("")))
        .noneMatch(line -> line.toLowerCase(Locale.ROOT).contains("picture"));
  }

  private static List<String> prose(Path document) throws IOException {
    return Files.readAllLines(document).stream().filter(line -> !line.startsWith("|")).toList();
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linksLeadSomewhere(Path document) throws IOException {
    assertThat(LINK.matcher(Files.readString(document)).results().map(found -> found.group(1)))
        .filteredOn(link -> !link.startsWith("http"))
        .allMatch(link -> isThere(document, link));
  }

  private static boolean isThere(Path document, String link) {
    String[] parts = link.split("#", 2);
    Path file = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]).normalize();
    return Files.exists(file) && (parts.length == 1 || anchors(file).contains(parts[1]));
  }

  /** As GitHub and GitLab make them of headings. */
  private static List<String> anchors(Path document) {
    try {
      return Files.readAllLines(document).stream()
          .filter(line -> line.matches("#+ .*"))
          .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
          .map(line -> line.replaceAll("[^\\w -]", "").replace(' ', '-'))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void whatIsNamedIsThere(Path document) throws IOException {
    String text = Files.readString(document);
    assertThat(SOURCE.matcher(text).results().map(MatchResult::group))
        .allMatch(path -> Files.exists(Path.of(path)) || isBeside(document, path));
    assertThat(TEST.matcher(text).results().map(MatchResult::group)).isSubsetOf(testClasses());
  }

  /** Tools' documents name what lies in their own folder too. */
  private static boolean isBeside(Path document, String path) {
    return Files.exists(document.resolveSibling(path));
  }

  private static List<String> testClasses() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      return files.map(file -> file.getFileName().toString().replace(".java", "")).toList();
    }
  }
}
