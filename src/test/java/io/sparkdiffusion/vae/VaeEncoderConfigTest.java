package io.sparkdiffusion.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ConfigJson;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaeEncoderConfigTest {

  private static final ConfigJson REQUIRED =
      ConfigJson.of(
          "latent_channels=4",
          "out_channels=3",
          "block_out_channels=[32, 64]",
          "up_block_types=[\"UpDecoderBlock2D\", \"UpDecoderBlock2D\"]",
          "down_block_types=[\"DownEncoderBlock2D\", \"DownEncoderBlock2D\"]");

  @TempDir Path folder;

  @Test
  void defaultsAreThoseOfDiffusers() {
    VaeEncoderConfig config = VaeEncoderConfig.read(REQUIRED.write(folder));

    assertThat(config.quantConv()).isTrue();
    assertThat(config.vae()).isEqualTo(VaeConfig.read(REQUIRED.write(folder)));
  }

  @Test
  void everyKeyIsRead() {
    ConfigJson full = REQUIRED.with("use_quant_conv=false", "in_channels=3", "sample_size=64");

    VaeEncoderConfig config = VaeEncoderConfig.read(full.write(folder));

    assertThat(config.quantConv()).isFalse();
    assertThat(config.vae().sampleSize()).isEqualTo(64);
  }

  @Test
  void allProblemsAreReportedTogether() {
    REQUIRED
        .with(
            "in_channels=4",
            "use_quant_conv=1",
            "down_block_types=[\"DownEncoderBlock2D\", \"AttnDownEncoderBlock2D\"]")
        .assertRefusedBy(
            VaeEncoderConfig::read,
            folder,
            "down_block_types | each entry must be one of DownEncoderBlock2D ([DownEncoderBlock2D,"
                + " AttnDownEncoderBlock2D])",
            "in_channels | images have 3 channels (4)",
            "use_quant_conv | it must be true or false (1)");
  }

  @Test
  void theDecodersKeysAreCheckedToo() {
    REQUIRED
        .with("out_channels=4")
        .assertRefusedBy(
            VaeEncoderConfig::read, folder, "out_channels | images have 3 channels (4)");
  }
}
