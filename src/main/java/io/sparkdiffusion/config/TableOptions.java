package io.sparkdiffusion.config;

import java.io.Serializable;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the text of a table is to be read: {@code prompts_options}, by the names of Spark's own
 * options.
 *
 * @param values by option, checked against the table's format by {@link #check}
 */
public record TableOptions(SortedMap<String, String> values) implements Serializable {

  /** Text as it usually is. */
  public static final TableOptions NONE = new TableOptions(new TreeMap<>());

  private static final String KEY = "prompts_options";
  private static final String ENCODING = "encoding";
  private static final List<String> OF_SEPARATED =
      List.of(
          "sep",
          "quote",
          "escape",
          ENCODING,
          "comment",
          "nullValue",
          "ignoreLeadingWhiteSpace",
          "ignoreTrailingWhiteSpace");
  private static final List<String> OF_JSON = List.of(ENCODING, "multiLine");
  private static final List<String> SWITCHES =
      List.of("ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace", "multiLine");
  private static final Map<String, String> OTHER_NAMES =
      Map.of("delimiter", "sep", "separator", "sep", "charset", ENCODING, "quotechar", "quote");

  /** Keeps a copy. */
  public TableOptions {
    values = new TreeMap<>(values);
  }

  /** Options as they are given, names in any case and by either of Spark's names. */
  static TableOptions of(Map<String, Object> given, Problems problems) {
    TreeMap<String, String> values = new TreeMap<>();
    given.forEach(
        (name, value) -> {
          if (value instanceof Map || value instanceof List) {
            problems.require(false, KEY, name + " must be a single value", "several");
          } else {
            String known = known(name);
            values.put(known, value == null ? "" : unescaped(known, value.toString()));
          }
        });
    return new TableOptions(values);
  }

  private static String known(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    String usual = OTHER_NAMES.getOrDefault(small, name);
    return OF_SEPARATED.stream()
        .filter(usual::equalsIgnoreCase)
        .findFirst()
        .or(() -> OF_JSON.stream().filter(usual::equalsIgnoreCase).findFirst())
        .orElse(usual);
  }

  /** YAML's single quotes keep a backslash that people double out of habit. */
  private static String unescaped(String name, String value) {
    boolean isCharacter = List.of("sep", "quote", "escape", "comment").contains(name);
    return switch (isCharacter ? value : "") {
      case "\\\\" -> "\\";
      case "\\t" -> "\t";
      default -> value;
    };
  }

  /** What an option says, where it is given. */
  public Optional<String> find(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** Whether a switch is on; none is by default. */
  public boolean isOn(String name) {
    return find(name).filter("true"::equalsIgnoreCase).isPresent();
  }

  /** The encoding of the text, UTF-8 by default. */
  public Charset encoding() {
    return find(ENCODING).map(Charset::forName).orElse(StandardCharsets.UTF_8);
  }

  /** Notes what a format does not know and values that cannot be. */
  void check(TableFormat format, Problems problems) {
    List<String> known = known(format);
    values.forEach(
        (name, value) -> {
          if (known.isEmpty()) {
            String rule = "%s has none, its files say how they are read".formatted(lower(format));
            problems.require(false, KEY, rule, name);
          } else if (!known.contains(name)) {
            problems.require(false, KEY, unknown(format, name, known), name);
          } else {
            checkValue(name, value, problems);
          }
        });
    problems.require(
        quote().isEmpty() || !separator(format).contains(quote()),
        KEY,
        "quote must not be part of sep",
        quote());
  }

  private static String unknown(TableFormat format, String name, List<String> known) {
    return "%s has no such option, it has %s, the nearest is %s"
        .formatted(lower(format), String.join(", ", known), Nearest.to(name, known));
  }

  private static List<String> known(TableFormat format) {
    return switch (format) {
      case CSV, TSV -> OF_SEPARATED;
      case JSON -> OF_JSON;
      case TXT -> List.of(ENCODING);
      case PARQUET, TABLE, AUTO -> List.of();
    };
  }

  private static void checkValue(String name, String value, Problems problems) {
    switch (name) {
      case "sep" -> {
        boolean isLineEnd = value.contains("\n") || value.contains("\r");
        String rule = "sep must be one or more characters, no line ends";
        problems.require(!value.isEmpty() && !isLineEnd, KEY, rule, Shown.text(value));
      }
      case "quote", "escape", "comment" -> {
        String rule = name + " must be one character" + (name.equals("quote") ? " or none" : "");
        boolean fits = value.length() == 1 || (name.equals("quote") && value.isEmpty());
        problems.require(fits, KEY, rule, Shown.text(value));
      }
      case ENCODING -> {
        String rule = "encoding must be one that Java knows, such as windows-1252 or UTF-16";
        problems.require(isCharset(value), KEY, rule, Shown.text(value));
      }
      default -> {
        boolean fits = !SWITCHES.contains(name) || value.matches("(?i)true|false");
        problems.require(fits, KEY, name + " must be true or false", Shown.text(value));
      }
    }
  }

  private static boolean isCharset(String name) {
    try {
      return Charset.isSupported(name);
    } catch (IllegalCharsetNameException | NullPointerException e) {
      return false;
    }
  }

  /** What stands between columns. */
  public String separator(TableFormat format) {
    return find("sep").orElse(format == TableFormat.TSV ? "\t" : ",");
  }

  /** What stands around a field that holds anything, empty where nothing does. */
  public String quote() {
    return find("quote").orElse("\"");
  }

  /** What stands before a quote inside quotes, the quote itself by default (RFC 4180). */
  public String escape() {
    return find("escape").orElse(quote().isEmpty() ? "\\" : quote());
  }

  private static String lower(TableFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }
}
