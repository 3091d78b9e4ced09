package io.sparkdiffusion.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** MaxDiffusion's keys that have no meaning here, with what to do instead. */
final class RefusedKeys {

  private static final String FILE = "/io/sparkdiffusion/refused-keys.yml";

  private static final Map<String, List<String>> REPLACEMENTS = read();

  private RefusedKeys() {}

  /** What to do instead of a key, where it is one of MaxDiffusion's. */
  static Optional<String> replacement(String key) {
    return REPLACEMENTS.entrySet().stream()
        .filter(entry -> entry.getValue().stream().anyMatch(pattern -> matches(key, pattern)))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static boolean matches(String key, String pattern) {
    return pattern.endsWith("*")
        ? key.startsWith(pattern.substring(0, pattern.length() - 1))
        : key.equals(pattern);
  }

  private static Map<String, List<String>> read() {
    try (InputStream in = RefusedKeys.class.getResourceAsStream(FILE)) {
      String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Map<String, List<String>> keys = new LinkedHashMap<>();
      StrictYaml.texts(yaml, FILE)
          .forEach((fix, words) -> keys.put(fix, List.of(words.toString().split(" ", -1))));
      return keys;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read refused-keys.yml: the jar is damaged", e);
    }
  }
}
