package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputConfigTest {

  @TempDir Path folder;

  @Test
  void writesEverythingUnderTheRunsNameByDefault() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).output())
        .isEqualTo(
            new OutputConfig(
                "output/job",
                "",
                OutputFormat.BOTH,
                Overwrite.NOTHING,
                new FailureLimit.Unlimited(),
                1000,
                OutputCommit.AUTO,
                true,
                true,
                true));
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL, "run_name=x").output().directory())
        .isEqualTo("output/x");
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).output())
        .isEqualTo(
            new OutputConfig(
                "s3a://bucket/autumn",
                "lake.db.images",
                OutputFormat.PNG,
                Overwrite.EVERYTHING,
                new FailureLimit.Share(0.05),
                40,
                OutputCommit.MANIFEST,
                false,
                false,
                false));
  }

  @Test
  void refusesWhatCannotWork() {
    assertThatThrownBy(
            () ->
                new OutputConfig(
                    " ",
                    " ",
                    OutputFormat.PNG,
                    Overwrite.NOTHING,
                    new FailureLimit.Unlimited(),
                    0,
                    OutputCommit.AUTO,
                    true,
                    true,
                    true))
        .hasMessage(
            """
            Cannot use output_dir: it must name a folder (blank)
            Cannot use output_table: it must name a table (blank)
            Cannot use commit_group_images: it must be 1 or more (0)""");
    assertThatThrownBy(
            () ->
                ConfigText.load(
                    folder,
                    ConfigText.MINIMAL,
                    "output_format=jpg",
                    "overwrite=all",
                    "max_failed_rows=some",
                    "png_ai_mark=no"))
        .hasMessage(
            """
            Cannot read output_format: it must be one of parquet, png, both (jpg)
            Cannot read overwrite: it must be one of nothing, images, everything (all)
            Cannot read max_failed_rows: it must be a count, or a share such as 0.1 or 10% (some)
            Cannot read png_ai_mark: it must be true or false (no)""");
    assertThatThrownBy(() -> new FailureLimit.Count(-1))
        .hasMessage("Cannot use max_failed_rows: a count must be 0 or more (-1)");
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "max_failed_rows=150%"))
        .hasMessage("Cannot use max_failed_rows: a share must be 0 to 1 (1.5)");
  }

  @Test
  void countsFailedRowsAgainstTheLimit() {
    assertThat(limit("").isExceeded(9, 9)).isFalse();
    assertThat(limit("2").isExceeded(2, 9)).isFalse();
    assertThat(limit("2").isExceeded(3, 9)).isTrue();
    assertThat(limit("0.5").isExceeded(5, 10)).isFalse();
    assertThat(limit("50%").isExceeded(6, 10)).isTrue();
    assertThat(limit("1.0").isExceeded(10, 10)).isFalse();
  }

  @Test
  void saysWhatAFormatWrites() {
    assertThat(OutputFormat.PNG.hasBytesInRows()).isFalse();
    assertThat(OutputFormat.PNG.hasPngFiles()).isTrue();
    assertThat(OutputFormat.PARQUET.hasBytesInRows()).isTrue();
    assertThat(OutputFormat.PARQUET.hasPngFiles()).isFalse();
    assertThat(OutputFormat.BOTH.hasBytesInRows()).isTrue();
    assertThat(OutputFormat.BOTH.hasPngFiles()).isTrue();
  }

  @Test
  void saysWhatIsOverwritten() {
    assertThat(Overwrite.NOTHING.makesAll()).isFalse();
    assertThat(Overwrite.NOTHING.removesEarlier()).isFalse();
    assertThat(Overwrite.IMAGES.makesAll()).isTrue();
    assertThat(Overwrite.IMAGES.removesEarlier()).isFalse();
    assertThat(Overwrite.EVERYTHING.makesAll()).isTrue();
    assertThat(Overwrite.EVERYTHING.removesEarlier()).isTrue();
  }

  private FailureLimit limit(String value) {
    return ConfigText.load(folder, ConfigText.MINIMAL, "max_failed_rows=" + value)
        .output()
        .maxFailedRows();
  }
}
