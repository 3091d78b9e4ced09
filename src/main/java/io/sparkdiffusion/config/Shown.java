package io.sparkdiffusion.config;

/** Text from files, as it may stand in a line for people. */
public final class Shown {

  private static final int LONGEST = 120;

  private Shown() {}

  /** The text with control characters, line ends and marks of direction escaped, and cut. */
  public static String text(String text) {
    StringBuilder shown = new StringBuilder();
    int[] characters = text.codePoints().limit(LONGEST + 1L).toArray();
    for (int i = 0; i < Math.min(characters.length, LONGEST); i++) {
      append(shown, characters[i]);
    }
    return characters.length > LONGEST ? shown.append('…').toString() : shown.toString();
  }

  private static void append(StringBuilder shown, int character) {
    switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          shown.append(escaped(character));
      default -> shown.appendCodePoint(character);
    }
  }

  private static String escaped(int character) {
    return switch (character) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> {
        StringBuilder units = new StringBuilder();
        for (char unit : Character.toChars(character)) {
          units.append("\\u").append(hex(unit));
        }
        yield units.toString();
      }
    };
  }

  /** Four digits, without a formatter, whose digits follow the machine's language. */
  private static String hex(char unit) {
    String digits = Integer.toHexString(unit);
    return "0".repeat(4 - digits.length()) + digits;
  }
}
