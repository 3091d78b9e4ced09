package io.sparkdiffusion.config;

import java.util.Locale;

/**
 * Text from files, tables, hubs and arguments as a message or a log shows it: what could end the
 * line, turn its direction, move a terminal's cursor or hide is written as an escape.
 */
public final class Shown {

  /** Code points of a value that a message shows. */
  private static final int LENGTH = 120;

  private Shown() {}

  /** One value within a message: escaped, and cut where it is long. */
  public static String text(String value) {
    if (value.codePointCount(0, value.length()) <= LENGTH) {
      return line(value);
    }
    return line(value.substring(0, value.offsetByCodePoints(0, LENGTH))) + "…";
  }

  /** A whole line, as long as it is. What is escaped already stays as it is. */
  public static String line(String line) {
    if (line.codePoints().noneMatch(Shown::isHidden)) {
      return line;
    }
    StringBuilder shown = new StringBuilder();
    line.codePoints().forEach(point -> append(point, shown));
    return shown.toString();
  }

  private static void append(int point, StringBuilder shown) {
    switch (point) {
      case '\n' -> shown.append("\\n");
      case '\r' -> shown.append("\\r");
      case '\t' -> shown.append("\\t");
      default -> {
        if (isHidden(point)) {
          for (char unit : Character.toChars(point)) {
            shown.append(String.format(Locale.ROOT, "\\u%04X", (int) unit));
          }
        } else {
          shown.appendCodePoint(point);
        }
      }
    }
  }

  /** Unicode's format characters are marks of direction, joiners and others without a width. */
  private static boolean isHidden(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
