package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PngNameTest {

  private static final String HASH = "0123456789abcdef";

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "cat-1_b, cat-1_b",
        "../x, ~2e~2e~2fx",
        "a/b\\c, a~2fb~5cc",
        "Cat, ~43at",
        "-x, ~2dx",
        "_x, ~5fx",
        "'a b', a~20b",
        "a~b, a~7eb",
        "é, ~c3~a9",
        "'\u0001', ~01",
        "con, con",
      })
  void keepsTheSafeAndEncodesTheRest(String id, String encoded) {
    assertThat(PngName.of(id, 3, HASH)).isEqualTo(encoded + "_3_01234567.png");
  }

  @Test
  void knowsItsOwnNames() {
    assertThat(PngName.isOfRequest(PngName.of("../É", 12, HASH))).isTrue();
    assertThat(PngName.isOfRequest(PngName.of("", 0, HASH))).isTrue();
    assertThat(PngName.isOfRequest(PngName.of("x".repeat(1024), 0, HASH))).isTrue();
    assertThat(PngName.isOfRequest("holiday_1.png")).isFalse();
    assertThat(PngName.isOfRequest("a_1_01234567.png.bak")).isFalse();
    assertThat(PngName.isNumbered(PngName.numbered(10))).isTrue();
    assertThat(PngName.isNumbered("image_x.png")).isFalse();
  }

  @Test
  void numbersTheImagesOfASinglePrompt() {
    assertThat(PngName.numbered(0)).isEqualTo("image_0.png");
  }

  @Test
  void givesDifferentIdsDifferentNamesOnEveryFileSystem() {
    Random random = new Random(1);
    String alphabet = "aAbB09~/_-. \u0000éÉ";
    Set<String> ids = new HashSet<>(List.of("a", "A", "~41", "a_1", "a_1_2", "..", "."));
    for (int i = 0; i < 20_000; i++) {
      StringBuilder id = new StringBuilder();
      for (int n = random.nextInt(6); n >= 0; n--) {
        id.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      ids.add(id.toString());
    }
    Set<String> names = new HashSet<>();
    for (String id : ids) {
      names.add(PngName.of(id, 1, HASH).toLowerCase(Locale.ROOT));
      names.add(PngName.of(id, 12, HASH).toLowerCase(Locale.ROOT));
    }

    assertThat(names).hasSize(2 * ids.size());
    assertThat(names).allMatch(name -> name.matches("[a-z0-9~][a-z0-9~_-]*\\.png"));
  }

  @Test
  void endsALongNameInAHash() {
    String start = "é".repeat(500);
    String one = PngName.of(start + "a", Integer.MAX_VALUE, HASH);
    String other = PngName.of(start + "b", Integer.MAX_VALUE, HASH);

    assertThat(one.getBytes(StandardCharsets.UTF_8)).hasSize(200);
    assertThat(one).startsWith("~c3~a9").contains("~~").isNotEqualTo(other);
    assertThat(PngName.of("a".repeat(176), 0, HASH)).doesNotContain("~");
    assertThat(PngName.of("a".repeat(177), 0, HASH)).contains("a~~");
  }
}
