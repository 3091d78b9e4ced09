package io.sparkdiffusion.cli;

import static java.util.stream.Collectors.joining;

import io.sparkdiffusion.config.SettingsTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** What completes the launchers' arguments in a shell: settings, their values, options, files. */
final class CompletionScript {

  private static final String SCRIPT = "/completion/completion.bash";

  private CompletionScript() {}

  /**
   * The script for bash.
   *
   * @param generate the command line of {@code jobs/generate}
   * @param inspect that of {@code jobs/inspect}
   * @param check that of {@code jobs/check}
   */
  static String bash(CommandLine generate, CommandLine inspect, CommandLine check) {
    Map<String, List<String>> choices = SettingsTable.choices();
    return template()
        .replace("@KEYS@", choices.keySet().stream().map(key -> key + "=").collect(joining("\n")))
        .replace("@VALUES@\n", values(choices))
        .replace("@OPTIONS@", options(generate))
        .replace("@INSPECT_OPTIONS@", options(inspect))
        .replace("@CHECK_OPTIONS@", options(check));
  }

  private static String values(Map<String, List<String>> choices) {
    return choices.entrySet().stream()
        .filter(setting -> !setting.getValue().isEmpty())
        .map(
            setting ->
                "    %s) printf '%%s\\n' %s ;;\n"
                    .formatted(setting.getKey(), String.join(" ", setting.getValue())))
        .collect(joining());
  }

  private static String options(CommandLine command) {
    return command.getCommandSpec().options().stream()
        .filter(option -> !option.hidden())
        .flatMap(option -> Arrays.stream(option.names()))
        .filter(name -> name.startsWith("--"))
        .collect(joining("\n"));
  }

  private static String template() {
    try (InputStream in = CompletionScript.class.getResourceAsStream(SCRIPT)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
