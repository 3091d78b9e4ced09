package io.sparkdiffusion.spark.table;

import java.io.IOException;

/**
 * Reads JSON as far as its strings and brackets, and finds what Spark's reader lets pass: half
 * characters, and what stands behind the one value of a file.
 */
final class JsonScan {

  private final StrictText text;

  private int depth;
  private int openQuote;
  private boolean isEnded;

  JsonScan(StrictText text) {
    this.text = text;
  }

  /** The first character that is no space, 0 in an empty file. */
  char first() throws IOException, TextFault {
    while (text.peek(0) >= 0 && Character.isWhitespace(text.peek(0))) {
      text.next();
    }
    return (char) Math.max(0, text.peek(0));
  }

  /** Reads what is left, a record in each line. */
  void lines() throws IOException, TextFault {
    for (int c = text.next(); c >= 0; c = text.next()) {
      if (c == '\\') {
        escaped();
      }
    }
  }

  /** Reads what is left, which must be one list or object. */
  void document() throws IOException, TextFault {
    int line = text.line();
    for (int c = text.next(); c >= 0; line = text.line(), c = text.next()) {
      if (isEnded && !Character.isWhitespace(c)) {
        throw new TextFault(
            "it must hold one list of objects, or an object in each line",
            "line " + line + " begins another");
      }
      if (c == '\\') {
        escaped();
      } else if (openQuote != 0) {
        openQuote = c == openQuote ? 0 : openQuote;
      } else {
        structure(c);
      }
    }
    if (!isEnded) {
      throw new TextFault("its list must be closed", "the file ends in line " + line);
    }
  }

  private void structure(int character) {
    switch (character) {
      case '"', '\'' -> openQuote = character;
      case '[', '{' -> depth++;
      case ']', '}' -> isEnded = --depth == 0;
      default -> {}
    }
  }

  private void escaped() throws IOException, TextFault {
    int line = text.line();
    if (text.next() != 'u') {
      return;
    }
    char unit = unit();
    boolean isFirstOfTwo = Character.isHighSurrogate(unit);
    if (isFirstOfTwo && text.peek(0) == '\\' && text.peek(1) == 'u') {
      text.next();
      text.next();
      isFirstOfTwo = !Character.isLowSurrogate(unit());
    } else if (Character.isLowSurrogate(unit)) {
      isFirstOfTwo = true;
    }
    if (isFirstOfTwo) {
      throw new TextFault("a character must be whole", "line " + line + " has half of one, \\ud8…");
    }
  }

  /** Four digits; what they are not, Spark's reader refuses. */
  private char unit() throws IOException, TextFault {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(text.peek(0), 16);
      if (digit < 0) {
        return 0;
      }
      text.next();
      unit = unit * 16 + digit;
    }
    return (char) unit;
  }
}
