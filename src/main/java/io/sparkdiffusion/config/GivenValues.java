package io.sparkdiffusion.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The values that a file and the command line give, the latter winning, by key. A value is a
 * string, a map or a list.
 */
final class GivenValues {

  private static final String COMMAND_LINE = "command line";

  private final Map<String, Given> values = new LinkedHashMap<>();
  private final Problems problems;

  GivenValues(Problems problems) {
    this.problems = problems;
  }

  private record Given(Object value, String origin) {}

  void addFile(Map<String, Object> mapping, String origin) {
    mapping.forEach((key, value) -> add(key, value, origin));
  }

  void addOverrides(List<String> overrides) {
    for (int i = 0; i < overrides.size(); i++) {
      String override = overrides.get(i);
      int equals = override.indexOf('=');
      if (equals < 1) {
        problems.add(
            "Cannot read override %s: it must be key=value, quoted where it has spaces (no key)"
                .formatted(i + 1));
      } else {
        add(override.substring(0, equals).strip(), override.substring(equals + 1), COMMAND_LINE);
      }
    }
    settlePrompts();
  }

  /** The value of a known key, where one is given. */
  Optional<Object> find(String key) {
    return Optional.ofNullable(values.get(key)).map(Given::value);
  }

  private void add(String key, Object value, String origin) {
    if (!Settings.BY_KEY.containsKey(key)) {
      problems.add(unknown(key, origin));
    } else if (value != null) {
      values.put(key, new Given(value, origin));
    }
  }

  private static String unknown(String key, String origin) {
    return RefusedKeys.replacement(key)
        .map(fix -> "Cannot use %s: it has no meaning here, %s (%s)".formatted(key, fix, origin))
        .orElseGet(
            () ->
                "Cannot use %s: there is no such setting, the nearest is %s (%s)"
                    .formatted(key, Nearest.to(key, Settings.BY_KEY.keySet()), origin));
  }

  /** A prompt or a table on the command line replaces what the file says of the other. */
  private void settlePrompts() {
    if (isFromCommandLine("prompt") != isFromCommandLine("prompts")) {
      values.remove(isFromCommandLine("prompt") ? "prompts" : "prompt");
    }
  }

  private boolean isFromCommandLine(String key) {
    Given given = values.get(key);
    return given != null && given.origin().equals(COMMAND_LINE) && !given.value().equals("");
  }
}
