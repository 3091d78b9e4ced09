package io.sparkdiffusion.family;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The SHA-256 of published weights, read from a file that says whence they are known. */
final class PublishedSums {

  private static final String FILE = "/io/sparkdiffusion/published-sums.txt";
  private static final Map<String, Set<String>> SUMS = read();

  private PublishedSums() {}

  /** Those that a file has had; none where they are not known. */
  static Set<String> of(String path) {
    return SUMS.getOrDefault(path, Set.of());
  }

  private static Map<String, Set<String>> read() {
    try (InputStream in = PublishedSums.class.getResourceAsStream(FILE)) {
      Map<String, Set<String>> sums = new HashMap<>();
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" +", 2))
          .forEach(
              parts -> sums.computeIfAbsent(parts[1], any -> new LinkedHashSet<>()).add(parts[0]));
      return sums;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read published-sums.txt: the jar is damaged", e);
    }
  }
}
