package io.sparkdiffusion.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Every setting, for people. */
public final class SettingsTable {

  private SettingsTable() {}

  /** A markdown table for the documents. */
  public static String markdown() {
    return Settings.ALL.stream()
        .map(SettingsTable::markdownRow)
        .collect(
            Collectors.joining(
                "",
                "| key | type | default | values or unit | meaning |\n|---|---|---|---|---|\n",
                ""));
  }

  /** Plain text for {@code --help}. */
  public static String text() {
    return Settings.ALL.stream().map(SettingsTable::textRow).collect(Collectors.joining());
  }

  /** Every key with the words that it can have, none where it takes more than some words. */
  public static Map<String, List<String>> choices() {
    Map<String, List<String>> choices = new LinkedHashMap<>();
    Settings.ALL.forEach(setting -> choices.put(setting.key(), setting.words()));
    return choices;
  }

  private static String markdownRow(Setting setting) {
    String shown = setting.defaultValue().isEmpty() ? "" : "`" + setting.defaultValue() + "`";
    return "| `%s` | %s | %s | %s | %s |\n"
        .formatted(setting.key(), setting.type(), shown, setting.allowed(), setting.description());
  }

  private static String textRow(Setting setting) {
    String facts =
        setting.type()
            + (setting.allowed().isEmpty() ? "" : ": " + setting.allowed())
            + (setting.defaultValue().isEmpty() ? "" : "; default " + setting.defaultValue());
    return "  %s (%s)%n      %s%n".formatted(setting.key(), facts, setting.description());
  }
}
