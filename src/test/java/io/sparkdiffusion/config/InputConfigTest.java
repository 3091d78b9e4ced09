package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputConfigTest {

  @TempDir Path folder;

  @Test
  void findsTheFormatItselfByDefault() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).input())
        .isEqualTo(new InputConfig.Table("prompts.csv", TableFormat.AUTO));
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).input())
        .isEqualTo(
            new InputConfig.Table(
                "warehouse/prompts",
                TableFormat.CSV,
                new TableOptions(new TreeMap<>(Map.of("sep", ";", "encoding", "windows-1252"))),
                new TableColumns("key", "caption", List.of("width", "status"))));
    assertThat(ConfigText.load(folder, ConfigText.FULL, "prompt=a = b").input())
        .isEqualTo(new InputConfig.Single("a = b"));
  }

  @Test
  void refusesEmptyInput() {
    assertThatThrownBy(() -> new InputConfig.Single(""))
        .hasMessage("Cannot use prompt: it must hold a text (empty)");
    assertThatThrownBy(() -> new InputConfig.Table(" ", TableFormat.CSV))
        .hasMessage("Cannot use prompts: it must name a table (blank)");
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "prompts_format=xml"))
        .hasMessage(
            "Cannot read prompts_format: it must be one of auto, parquet, csv, tsv, json, txt, table (xml)");
  }

  /** In a table they fail a row, which its owner finds among the others. */
  @Test
  void tellsAtOnceWhatOnePromptsImageLacks() {
    assertThatThrownBy(
            () ->
                ConfigText.load(
                    folder,
                    "pretrained_model_name_or_path: /m",
                    "prompt=a cat",
                    "mask_image=mask.png",
                    "controlnets=edges,depth",
                    "control_image_2=depth.png"))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "Cannot use mask_image: init_image must be given too (it is not)",
                        "Cannot use control_image: controlnets look at it, name a file (none)"));
  }

  @Test
  void wantsOneOfPromptAndPrompts() {
    assertThatThrownBy(() -> ConfigText.load(folder, "pretrained_model_name_or_path: /m"))
        .hasMessage(
            "Cannot use prompt and prompts: one of them must be set, and not the other"
                + " (neither is)");
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL + "prompt: a cat\n"))
        .hasMessage(
            "Cannot use prompt and prompts: one of them must be set, and not the other (both are)");
    assertThatThrownBy(
            () -> ConfigText.load(folder, ConfigText.MINIMAL, "prompt=a cat", "prompts=t.csv"))
        .hasMessage(
            "Cannot use prompt and prompts: one of them must be set, and not the other (both are)");
  }

  @Test
  void letsTheCommandLineReplaceTheFilesInput() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL, "prompt=a cat").input())
        .isEqualTo(new InputConfig.Single("a cat"));
    assertThat(
            ConfigText.load(
                    folder, "pretrained_model_name_or_path: /m\nprompt: a cat", "prompts=t.csv")
                .input())
        .isEqualTo(new InputConfig.Table("t.csv", TableFormat.AUTO));
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL, "prompt=").input())
        .isEqualTo(new InputConfig.Table("prompts.csv", TableFormat.AUTO));
  }

  @Test
  void refusesATextThatIsNoPrompt() {
    assertThatThrownBy(() -> new InputConfig.Single("a".repeat(100_001)))
        .hasMessage("Cannot use prompt: it must have at most 100000 characters (100001)");
  }

  @Test
  void printsASinglePromptWithoutItsText() {
    assertThat(new InputConfig.Single("a cat")).hasToString("Single[(set)]");
  }

  @ParameterizedTest
  @CsvSource({
    "prompts.csv, CSV",
    "prompts.csv.gz, CSV",
    "s3a://b/P.JSONL, JSON",
    "p.ndjson, JSON",
    "p.json, JSON",
    "p.tsv, TSV",
    "out/written.csv/, CSV",
    "folder/, PARQUET",
    "p.txt.gz, TXT",
    "p.parquet, PARQUET",
    "data/prompts, PARQUET",
    "prompts, TABLE",
    "catalog.db.prompts, TABLE",
  })
  void goesByTheExtension(String location, TableFormat format) {
    assertThat(TableFormat.AUTO.resolve(location)).isEqualTo(format);
    assertThat(TableFormat.JSON.resolve(location)).isEqualTo(TableFormat.JSON);
  }
}
