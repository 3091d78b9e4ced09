package io.sparkdiffusion.config;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One key of the configuration.
 *
 * @param defaultValue as it would be written in a file; empty where there is none
 * @param allowed the values or the unit
 * @param description one line
 */
record Setting(String key, Type type, String defaultValue, String allowed, String description) {

  /** Words with commas between them, and perhaps when a word is allowed. */
  private static final Pattern WORDS =
      Pattern.compile("[a-z0-9_:N]+( \\([^)]*\\))?(, [a-z0-9_:N]+( \\([^)]*\\))?)*");

  private static final String SAME_AS = "equal to ";

  /** The words that are allowed, none where the values are not some words. */
  List<String> choices() {
    if (allowed.startsWith(SAME_AS)) {
      return Settings.BY_KEY.get(allowed.substring(SAME_AS.length())).choices();
    }
    if (!WORDS.matcher(allowed).matches()) {
      return type == Type.BOOLEAN ? List.of("true", "false") : List.of();
    }
    return Arrays.stream(allowed.replaceAll(" \\([^)]*\\)", "").split(", "))
        .filter(word -> !word.contains(":N"))
        .toList();
  }

  /** How a value is read. */
  enum Type {
    TEXT("text"),
    INTEGER("integer"),
    LONG("64-bit integer"),
    NUMBER("number"),
    BOOLEAN("true or false"),
    MAPPING("mapping");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }
}
