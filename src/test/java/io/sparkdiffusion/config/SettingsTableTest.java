package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.MadeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SettingsTableTest {

  private static final Pattern TABLE = Pattern.compile("(?m)^\\| key \\|.*\n(^\\|.*\n)*");

  @Test
  void listsEverySettingInMarkdown() {
    assertThat(SettingsTable.markdown().lines())
        .hasSize(2 + Settings.ALL.size())
        .startsWith("| key | type | default | values or unit | meaning |", "|---|---|---|---|---|")
        .contains(
            "| `num_inference_steps` | integer | `50` | 1 to 1000 steps | denoising steps |",
            "| `pretrained_model_name_or_path` | text |  | local folder, any Hadoop path or hub id, required"
                + " | the model in the layout that diffusers writes |")
        .allMatch(line -> line.chars().filter(c -> c == '|').count() == 6);
  }

  @Test
  void standsInTheDocuments() throws IOException {
    Path page = Path.of("docs/settings.md");
    String table = Matcher.quoteReplacement(SettingsTable.markdown());

    MadeFile.holds(page, TABLE.matcher(Files.readString(page)).replaceFirst(table));
  }

  /** The setting of one prompt, and that of files, are read apart from those of rows. */
  @Test
  void tellsOfEveryParameterOfTheJob() {
    Set<Parameter<?>> apart = Set.of(Parameters.PROMPT, Parameters.LORAS);
    for (Parameter<?> parameter : Parameters.ALL) {
      assertThat(Settings.BY_KEY.containsKey(parameter.name()))
          .as(parameter.name())
          .isEqualTo(parameter.isOfJob() || apart.contains(parameter));
    }
  }

  @Test
  void listsEverySettingInPlainText() {
    assertThat(SettingsTable.text().lines())
        .hasSize(2 * Settings.ALL.size())
        .containsSubsequence(
            "  guidance_scale (number: 0 or more; default 7.5)",
            "      strength of classifier-free guidance; at most 1 is without guidance, as in diffusers")
        .contains("  negative_prompt (text)");
  }

  @Test
  void namesEachKeyOnceAndRefusesNone() {
    assertThat(Settings.BY_KEY).hasSameSizeAs(Settings.ALL);
    assertThat(Settings.BY_KEY.keySet()).allMatch(key -> RefusedKeys.replacement(key).isEmpty());
  }
}
