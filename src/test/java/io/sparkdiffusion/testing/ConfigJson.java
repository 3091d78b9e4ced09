package io.sparkdiffusion.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A network's config.json of which tests change one entry or another. */
public final class ConfigJson {

  private final Map<String, String> entries;

  private ConfigJson(Map<String, String> entries) {
    this.entries = entries;
  }

  /** Entries as {@code key=JSON}. */
  public static ConfigJson of(String... entries) {
    return new ConfigJson(Map.of()).with(entries);
  }

  /** The same with some entries added or replaced. */
  public ConfigJson with(String... changes) {
    Map<String, String> changed = new TreeMap<>(entries);
    for (String change : changes) {
      String[] pair = change.split("=", 2);
      changed.put(pair[0], pair[1]);
    }
    return new ConfigJson(changed);
  }

  /** The same without some entries. */
  public ConfigJson without(String... keys) {
    Map<String, String> changed = new TreeMap<>(entries);
    for (String key : keys) {
      changed.remove(key);
    }
    return new ConfigJson(changed);
  }

  /** Writes {@code config.json}. */
  public Path write(Path folder) {
    try {
      return Files.writeString(
          folder.resolve("config.json"),
          entries.entrySet().stream()
              .map(entry -> "\"%s\": %s".formatted(entry.getKey(), entry.getValue()))
              .collect(Collectors.joining(",\n", "{", "}\n")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Asserts that a reader refuses this with exactly these problems.
   *
   * @param problems each {@code key | rule (actual value)}
   */
  public void assertRefusedBy(Function<Path, ?> read, Path folder, String... problems) {
    Path file = write(folder);
    assertThatThrownBy(() -> read.apply(file))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        Arrays.stream(problems)
                            .map(problem -> problem.split(" \\| ", 2))
                            .map(p -> "Cannot use %s of %s: %s".formatted(p[0], file, p[1]))
                            .toArray(String[]::new)));
  }
}
