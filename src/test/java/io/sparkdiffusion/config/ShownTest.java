package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;

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
  void aLineIsNotCutAndNotEscapedTwice() {
    String line = "a\nb\u202E".repeat(100);

    assertThat(Shown.line(line)).isEqualTo("a\\nb\\u202E".repeat(100));
    assertThat(Shown.line(Shown.line(line))).isEqualTo(Shown.line(line));
  }
}
