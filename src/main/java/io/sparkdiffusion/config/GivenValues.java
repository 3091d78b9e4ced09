package io.sparkdiffusion.config;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The values that a file and the command line give, the latter winning, by key. A value is a
 * string, a map or a list.
 */
final class GivenValues {

  private static final String COMMAND_LINE = "command line";
  private static final String MODEL = "pretrained_model_name_or_path";

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
    boolean areSpaced = refuseSpaces(overrides);
    for (int i = 0; i < overrides.size(); i++) {
      String override = overrides.get(i);
      int equals = override.indexOf('=');
      String key = override.substring(0, Math.max(equals, 0)).strip();
      if (!isWord(key) || (areSpaced && override.endsWith("="))) {
        if (!areSpaced) {
          problems.add(
              "Cannot read override %s: it must be key=value, quoted where it has spaces (no key)"
                  .formatted(i + 1));
        }
      } else {
        add(key, override.substring(equals + 1), COMMAND_LINE);
      }
    }
    settlePrompts();
  }

  /**
   * A shell makes three words of {@code key = value}, which a launcher may have sorted apart; their
   * one cause is told once.
   */
  private boolean refuseSpaces(List<String> overrides) {
    List<String> bare = overrides.stream().filter(word -> !word.contains("=")).toList();
    boolean areSpaced =
        !bare.isEmpty()
            && overrides.stream().anyMatch(word -> word.startsWith("=") || word.endsWith("="));
    if (areSpaced) {
      Stream<String> halves =
          overrides.stream().filter(word -> word.endsWith("=")).map(word -> word.replace("=", ""));
      String key =
          Stream.concat(bare.stream(), halves).filter(Aliases::isKnown).findFirst().orElse("key");
      problems.add(
          "Cannot read %s: there must be no space before or after =, as in %s=VALUE (spaces)"
              .formatted(key, key));
    }
    return areSpaced;
  }

  /** What is none could be a prompt and is not shown. */
  private static boolean isWord(String key) {
    return key.matches("[\\w.-]{1,60}");
  }

  /** What is given for known keys. */
  Map<String, Object> all() {
    Map<String, Object> all = new HashMap<>();
    values.forEach((key, given) -> all.put(key, given.value()));
    return all;
  }

  private void add(String key, Object value, String origin) {
    if (!Settings.BY_KEY.containsKey(key)) {
      problems.add(unknown(key, origin));
    } else if (value != null) {
      Given known = values.put(key, new Given(value, origin));
      if (key.equals(MODEL) && known != null && !known.value().equals(value)) {
        forgetRevision();
      }
    }
  }

  private static String unknown(String key, String origin) {
    String shown = isWord(key) ? key : "a key";
    return RefusedKeys.replacement(key)
        .map(fix -> "Cannot use %s: it has no meaning here, %s (%s)".formatted(shown, fix, origin))
        .or(
            () ->
                Aliases.of(key)
                    .map(
                        fix ->
                            "Cannot use %s: there is no such setting, %s (%s)"
                                .formatted(shown, fix, origin)))
        .orElseGet(
            () ->
                "Cannot use %s: there is no such setting, the nearest is %s (%s)"
                    .formatted(shown, Nearest.to(key, Settings.BY_KEY.keySet()), origin));
  }

  /** A file's revision goes with the model that the file names, not with another one. */
  private void forgetRevision() {
    if (!isFromCommandLine("revision")) {
      values.remove("revision");
    }
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
