package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.Main;
import io.sparkdiffusion.testing.MadeFile;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CompletionScriptTest {

  private static final Path SCRIPT = Path.of("jobs/completion.bash");

  @Test
  void standsInJobs() throws IOException {
    MadeFile.holds(
        SCRIPT,
        CompletionScript.bash(
            new CommandLine(Main.class),
            new CommandLine(Inspect.class),
            new CommandLine(Check.class)));
  }

  /**
   * Words as bash hands them over, with = a word of its own, and as zsh does. A dot in the middle
   * stands for the space behind what is complete.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "jobs/generate configs/ti; configs/tiny.yml·|configs/tiny_21.yml·|configs/tiny_x4.yml·",
        "./jobs/generate conf; configs/",
        "jobs/generate configs/tiny.yml guidance_; guidance_scale=|guidance_rescale=",
        "jobs/generate configs/tiny.yml output_format =; parquet·|png·|both·",
        "jobs/generate configs/tiny.yml output_format = p; parquet·|png·",
        "jobs/generate configs/tiny.yml output_format=p; output_format=parquet·|output_format=png·",
        "jobs/generate configs/tiny.yml gallery = f; false·",
        "jobs/generate configs/tiny.yml from_pt =; true·|false·",
        "jobs/generate configs/tiny.yml activations_dtype = b; bfloat16·",
        "jobs/generate configs/tiny.yml device =; auto·|cpu·|cuda·",
        "jobs/generate configs/tiny.yml seed =; \"\"",
        "jobs/generate configs/tiny.yml prompts = configs/tiny_p; configs/tiny_prompts.csv·",
        "jobs/generate configs/tiny.yml pretrained_model_name_or_path = models/tiny-sd2-b; models/tiny-sd2-base/",
        "jobs/generate configs/tiny.yml --d; --dry-run·",
        "jobs/generate configs/tiny.yml -- --d; \"\"",
        "jobs/inspect docs/images/q; docs/images/quick-start.png·",
        "jobs/inspect --mo; --model·",
        "jobs/check models/tiny-sd2-b; models/tiny-sd2-base/",
        "jobs/check --w; --write-manifest·",
      })
  void completes(String line, String expected) throws IOException, InterruptedException {
    assertThat(completed(line.split(" ", -1)).replace(' ', '·')).isEqualTo(expected);
  }

  @Test
  void offersTheShippedConfigurationsFirst() throws IOException, InterruptedException {
    assertThat(completed("jobs/generate", ""))
        .startsWith(
            "configs/base21.yml |configs/base_2_base.yml |configs/sd15.yml |configs/sd_turbo.yml"
                + " |configs/tiny.yml ")
        .contains("|configs/|");
  }

  @Test
  void knowsEveryKey() throws IOException, InterruptedException {
    assertThat(List.of(completed("jobs/generate", "configs/tiny.yml", "").split("\\|", -1)))
        .contains("prompt=", "eta=", "max_failed_rows=")
        .hasSameSizeAs(io.sparkdiffusion.config.SettingsTable.choices().keySet());
  }

  private static String completed(String... words) throws IOException, InterruptedException {
    Shell shell =
        Shell.bash(
            Map.of(),
            "set -u; source "
                + SCRIPT
                + "; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _spark_diffusion;"
                + " IFS='|'; printf '%s' \"${COMPREPLY[*]-}\"",
            words);
    assertThat(shell.err()).isEmpty();
    return shell.out();
  }
}
