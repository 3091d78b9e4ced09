package io.sparkdiffusion.config;

import java.util.Collection;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Text from files, tables, hubs and arguments as a message or a log shows it: what could end the
 * line, turn its direction, move a terminal's cursor or hide is written as an escape.
 */
public final class Shown {

  /** Code points of a value that a message shows. */
  private static final int LENGTH = 120;

  /** Those of a whole line; only a text that was not cut where it came in makes one that long. */
  private static final int LINE_LENGTH = 4000;

  /** Names that a message lists before it counts. */
  private static final int NAMED = 3;

  private Shown() {}

  /** One value within a message: escaped, and cut where it is long. */
  public static String text(String value) {
    return shown(value, LENGTH);
  }

  /** The same for any value, such as one of JSON. */
  public static String value(Object value) {
    return text(String.valueOf(value));
  }

  /** A whole line. What is escaped already stays as it is. */
  public static String line(String line) {
    return shown(line, LINE_LENGTH);
  }

  /** The first of some names, and how many others there are. */
  public static String some(Collection<String> names) {
    String first = names.stream().limit(NAMED).map(Shown::text).collect(Collectors.joining(", "));
    int others = names.size() - NAMED;
    return others > 0 ? first + " and " + others + (others > 1 ? " others" : " other") : first;
  }

  private static String shown(String text, int length) {
    return text.codePointCount(0, text.length()) <= length
        ? escaped(text)
        : escaped(text.substring(0, text.offsetByCodePoints(0, length))) + "…";
  }

  private static String escaped(String text) {
    if (text.codePoints().noneMatch(Shown::isHidden)) {
      return text;
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints().forEach(point -> append(point, shown));
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

  /**
   * True for what is never shown as it is. Unicode's format characters are marks of direction,
   * joiners and others without a width.
   */
  public static boolean isHidden(int point) {
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
