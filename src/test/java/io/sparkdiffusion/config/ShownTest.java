package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShownTest {

  @Test
  void plainTextOfAnyLanguageIsShownAsItIs() {
    String text = "a \\ 'quoted' \"text\", ein Märchen, 猫, مرحبا, 🐱";

    assertThat(Shown.text(text)).isSameAs(text);
  }

  @Test
  void lineBreaksAndTabsAreShownByTheirUsualEscapes() {
    assertThat(Shown.text("a\r\n26/07/01 INFO Done\tb")).isEqualTo("a\\r\\n26/07/01 INFO Done\\tb");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 0x07, 0x08, 0x0B, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F, 0xAD, 0x061C, 0x200B, 0x200C,
        0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060,
        0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF
      })
  void whatForgesALineOrHidesIsShownByItsNumber(int point) {
    assertThat(Shown.text("a" + Character.toString(point) + "b"))
        .isEqualTo("a\\u%04Xb".formatted(point));
  }

  @Test
  void aHiddenCharacterOutsideTheBasicPlaneIsShownByBothOfItsUnits() {
    assertThat(Shown.text(Character.toString(0xE0041))).isEqualTo("\\uDB40\\uDC41");
  }

  @Test
  void aLongValueIsCutBetweenCodePoints() {
    assertThat(Shown.text("🐱".repeat(120))).isEqualTo("🐱".repeat(120));
    assertThat(Shown.text("🐱".repeat(121))).isEqualTo("🐱".repeat(120) + "…");
    assertThat(Shown.text("\n".repeat(5000))).isEqualTo("\\n".repeat(120) + "…");
  }

  @Test
  void someNamesAreShownAndTheOthersCounted() {
    assertThat(Shown.some(List.of("a\n", "b"))).isEqualTo("a\\n, b");
    assertThat(Shown.some(List.of("a", "b", "c", "d"))).isEqualTo("a, b, c and 1 other");
    assertThat(Shown.some(List.of("a", "b", "c", "d", "e"))).isEqualTo("a, b, c and 2 others");
  }

  /** The choke point: nothing that is thrown as a problem can forge a line of its own. */
  @Test
  void aProblemIsOneLineOfBoundedLength() {
    ProblemsException e =
        new ProblemsException(
            "Cannot use x\n12:00:00 INFO Main - Done\u001b[2J" + "y".repeat(9000));

    assertThat(e.problems()).hasSize(1);
    assertThat(e.getMessage()).startsWith("Cannot use x\\n12:00:00 INFO Main - Done\\u001B[2Jyy");
    assertThat(e.getMessage().codePoints().filter(Shown::isHidden)).isEmpty();
    assertThat(e.getMessage().length()).isLessThan(4100);
  }

  @Test
  void aLineIsNotCutAndNotEscapedTwice() {
    String line = "a\nb\u202E".repeat(100);

    assertThat(Shown.line(line)).isEqualTo("a\\nb\\u202E".repeat(100));
    assertThat(Shown.line(Shown.line(line))).isEqualTo(Shown.line(line));
  }
}
