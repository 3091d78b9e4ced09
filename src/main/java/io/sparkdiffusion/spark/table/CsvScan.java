package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.TableFormat;
import io.sparkdiffusion.config.TableOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads separated text as far as its quotes, as RFC 4180 and Spark's reader have it, and finds what
 * the latter lets pass: a quote that is never closed takes all later rows into one field.
 */
final class CsvScan {

  private static final String ESCAPED =
      "a backslash must not stand before quotes, else set prompts_options={escape: '\\\\'}";

  /** What ends a field. */
  private enum End {
    SEPARATOR,
    LINE,
    FILE
  }

  private final StrictText text;
  private final String separator;
  private final int quote;
  private final int escape;
  private final int comment;
  private final boolean skipsSpaces;

  private Optional<List<String>> kept = Optional.empty();

  /** Whether a quoted field of this record has ended in a backslash. */
  private boolean endedInBackslash;

  CsvScan(StrictText text, TableFormat format, TableOptions options) {
    this.text = text;
    this.separator = options.separator(format);
    this.quote = character(options.quote());
    this.escape = character(options.escape());
    this.comment = character(options.find("comment").orElse(""));
    this.skipsSpaces = options.isOn("ignoreLeadingWhiteSpace");
  }

  private static int character(String text) {
    return text.isEmpty() ? -2 : text.charAt(0);
  }

  /** The names in the first line that is neither empty nor a comment; none in an empty file. */
  List<String> header() throws IOException, TextFault {
    List<String> names = new ArrayList<>();
    kept = Optional.of(names);
    record();
    kept = Optional.empty();
    return names;
  }

  /** Reads what is left. */
  void rest() throws IOException, TextFault {
    while (record()) {
      // the fields are Spark's matter
    }
  }

  /** Whether there was a record. */
  private boolean record() throws IOException, TextFault {
    endedInBackslash = false;
    skipEmptyLines();
    if (text.peek(0) < 0) {
      return false;
    }
    End end;
    do {
      StringBuilder value = new StringBuilder();
      end = field(value);
      kept.ifPresent(fields -> fields.add(withoutReturn(value.toString())));
    } while (end == End.SEPARATOR);
    return true;
  }

  private static String withoutReturn(String value) {
    return value.endsWith("\r") ? value.substring(0, value.length() - 1) : value;
  }

  private void skipEmptyLines() throws IOException, TextFault {
    while (true) {
      int first = text.peek(0);
      if (first == comment) {
        for (int c = text.next(); c >= 0 && !text.endsLine(c); c = text.next()) {}
      } else if (first == '\n' || first == '\r') {
        text.next();
      } else {
        return;
      }
    }
  }

  private End field(StringBuilder value) throws IOException, TextFault {
    if (skipsSpaces) {
      skipSpaces();
    }
    return text.peek(0) == quote ? quoted(value) : plain(value);
  }

  private End plain(StringBuilder value) throws IOException, TextFault {
    while (true) {
      if (isAtSeparator()) {
        skip(separator.length());
        return End.SEPARATOR;
      }
      int line = text.line();
      int c = text.next();
      if (c < 0 || text.endsLine(c)) {
        return c < 0 ? End.FILE : End.LINE;
      }
      if (c == quote && endedInBackslash) {
        throw new TextFault(ESCAPED, "line " + line);
      }
      keep(value, c);
    }
  }

  private void keep(StringBuilder value, int character) {
    if (kept.isPresent()) {
      value.append((char) character);
    }
  }

  private End quoted(StringBuilder value) throws IOException, TextFault {
    int opened = text.line();
    boolean hasEscaped = false;
    int before = text.next();
    while (true) {
      int c = text.next();
      if (c < 0) {
        throw hasEscaped
            ? new TextFault(ESCAPED, "line " + opened)
            : new TextFault("every quote must be closed", "the one in line " + opened + " is not");
      }
      hasEscaped |= c == quote && before == '\\' && escape == quote;
      int next = text.peek(0);
      if (c == escape && (next == quote || (c != quote && next == escape))) {
        keep(value, text.next());
        before = 0;
      } else if (c == quote) {
        endedInBackslash |= before == '\\' && escape == quote;
        return end(opened, hasEscaped);
      } else {
        keep(value, c);
        before = c;
      }
    }
  }

  /** What comes after the closing quote. */
  private End end(int opened, boolean hasEscaped) throws IOException, TextFault {
    skipSpaces();
    if (isAtSeparator()) {
      skip(separator.length());
      return End.SEPARATOR;
    }
    int line = text.line();
    int c = text.next();
    if (c < 0) {
      return End.FILE;
    }
    if (text.endsLine(c)) {
      return End.LINE;
    }
    if (hasEscaped) {
      throw new TextFault(ESCAPED, "line " + line);
    }
    if (c == quote) {
      throw new TextFault(
          "quotes inside quotes are doubled there, leave escape out of prompts_options",
          "line " + line);
    }
    String rule = "a quote inside quotes must be doubled and every quote closed";
    String without = ", else set prompts_options={quote: ''} where quotes mean nothing";
    throw new TextFault(
        separator.equals("\t") ? rule + without : rule,
        "text stands behind a quote in line %s, its field opens in line %s"
            .formatted(line, opened));
  }

  private void skipSpaces() throws IOException, TextFault {
    while (isSpace() && !isAtSeparator()) {
      text.next();
    }
  }

  private boolean isSpace() throws IOException, TextFault {
    int c = text.peek(0);
    return c == ' ' || c == '\t' || (c == '\r' && text.peek(1) == '\n');
  }

  private boolean isAtSeparator() throws IOException, TextFault {
    for (int i = 0; i < separator.length(); i++) {
      if (text.peek(i) != separator.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void skip(int count) throws IOException, TextFault {
    for (int i = 0; i < count; i++) {
      text.next();
    }
  }
}
