package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.StrictJson;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The line {@code Steps: 50, Sampler: DDIM, ...}; a value with a comma is quoted as in JSON. */
final class ParameterLine {

  /** Nothing is tried twice, and repetitions do not nest calls: a value may be of any length. */
  private static final Pattern ENTRY =
      Pattern.compile("\\s*([^:,]++):\\s*(\"(?:[^\\\\\"]++|\\\\.)*+\"|[^,]*+)(?:,|$)");

  private ParameterLine() {}

  static String text(Map<String, String> settings) {
    return settings.entrySet().stream()
        .map(entry -> entry.getKey() + ": " + quotedIfNeeded(entry.getValue()))
        .collect(Collectors.joining(", "));
  }

  static Map<String, String> parse(String line) {
    Map<String, String> settings = new LinkedHashMap<>();
    Matcher matcher = ENTRY.matcher(line);
    while (matcher.find()) {
      settings.put(matcher.group(1), unquoted(matcher.group(2)));
    }
    for (String needed : new String[] {"Steps", "Sampler", "CFG scale", "Seed", "Size"}) {
      if (!settings.containsKey(needed)) {
        throw new IllegalArgumentException(
            "Cannot read generation parameters: the last line must have '"
                + needed
                + "' (missing)");
      }
    }
    return settings;
  }

  private static String quotedIfNeeded(String value) {
    return value.matches("(?s).*[,:\n\"].*") ? quoted(value) : value;
  }

  private static String quoted(String value) {
    String object = StrictJson.canonical(Map.of("", value));
    return object.substring("{\"\":".length(), object.length() - 1);
  }

  private static String unquoted(String value) {
    return value.startsWith("\"")
        ? (String) StrictJson.parse("{\"\":" + value + "}", "generation parameters").get("")
        : value;
  }
}
