package io.sparkdiffusion.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
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
}
