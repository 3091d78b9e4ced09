package io.sparkdiffusion.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sparkdiffusion.testing.ConfigJson;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VaeConfigTest {

  private static final ConfigJson REQUIRED =
      ConfigJson.of(
          "latent_channels=4",
          "out_channels=3",
          "block_out_channels=[32, 64]",
          "up_block_types=[\"UpDecoderBlock2D\", \"UpDecoderBlock2D\"]");

  @TempDir Path folder;

  @Test
  void defaultsAreThoseOfDiffusers() {
    VaeConfig config = read(REQUIRED);

    assertThat(config)
        .isEqualTo(new VaeConfig(4, 3, List.of(32L, 64L), 1, 32, 32, 0.18215, true, true, true));
    assertThat(config.compression()).isEqualTo(2);
    assertThat(config.widthsUpwards()).containsExactly(64L, 32L);
  }

  @Test
  void everyKeyIsRead() {
    ConfigJson full =
        ConfigJson.of(
            "latent_channels=16",
            "out_channels=3",
            "block_out_channels=[4, 8, 12, 16]",
            "up_block_types=["
                + String.join(",", Collections.nCopies(4, "\"UpDecoderBlock2D\""))
                + "]",
            "layers_per_block=2",
            "norm_num_groups=2",
            "sample_size=256",
            "scaling_factor=0.13025",
            "use_post_quant_conv=false",
            "mid_block_add_attention=false",
            "force_upcast=false");
    VaeConfig config = read(full);

    assertThat(config)
        .isEqualTo(
            new VaeConfig(
                16, 3, List.of(4L, 8L, 12L, 16L), 2, 2, 256, 0.13025, false, false, false));
    assertThat(config.compression()).isEqualTo(8);
  }

  /** The value that changes nothing, and one that would. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "act_fn | \"silu\" | \"relu\" | it must be one of silu, swish (relu)",
        "shift_factor | null | 0.1 | it is not supported and would change the result (0.1)",
        "latents_mean | null | [0] | it is not supported and would change the result ([0])",
        "latents_std | null | [1] | it is not supported and would change the result ([1])",
        "some_new_key | null | 1 | the key is unknown and might change the result (1)",
        "latent_channels | 16 | 0 | it must be a whole number from 1 to 2147483647 (0)",
        "out_channels | 3.0 | 1 | images have 3 channels (1)",
        "layers_per_block | 2 | 0 | it must be a whole number from 1 to 100 (0)",
        "norm_num_groups | 16 | 5 | each level's width must be a multiple of the groups (5)",
        "scaling_factor | 1 | 0 | it must be a number above 0 (0)",
        "scaling_factor | 0.5 | -0.5 | it must be a number above 0 (-0.5)",
        "use_post_quant_conv | true | 0 | it must be true or false (0)",
        "mid_block_add_attention | true | \"no\" | it must be true or false (no)",
        "block_out_channels | [32, 32] | null | it must be a list of 1 to 10 whole numbers from 1 to"
            + " 2147483647 (absent)",
        "up_block_types | [\"UpDecoderBlock2D\", \"UpDecoderBlock2D\"] | [\"UpDecoderBlock2D\"] | it"
            + " must have an entry for each of block_out_channels ([UpDecoderBlock2D])",
        "up_block_types | [\"UpDecoderBlock2D\", \"UpDecoderBlock2D\"] | [\"AttnUpDecoderBlock2D\"]"
            + " | each entry must be one of UpDecoderBlock2D ([AttnUpDecoderBlock2D])"
      })
  void valuesThatDoNotFitAreRefusedByKey(String key, String good, String bad, String message) {
    assertThatCode(() -> read(REQUIRED.with(key + "=" + good))).doesNotThrowAnyException();
    assertRefused(REQUIRED.with(key + "=" + bad), key + " | " + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "in_channels=1",
        "down_block_types=[\"AttnDownEncoderBlock2D\"]",
        "force_upcast=true",
        "use_quant_conv=false",
        "_name_or_path=\"x\""
      })
  void whatTheDecoderDoesNotUseIsPassedOver(String entry) {
    assertThat(read(REQUIRED.with(entry))).isEqualTo(read(REQUIRED));
  }

  @Test
  void allProblemsAreReportedTogether() {
    assertRefused(
        REQUIRED.without("latent_channels").with("out_channels=4", "scaling_factor=0", "new=1"),
        "latent_channels | it must be a whole number from 1 to 2147483647 (absent)",
        "scaling_factor | it must be a number above 0 (0)",
        "out_channels | images have 3 channels (4)",
        "new | the key is unknown and might change the result (1)");
  }

  private VaeConfig read(ConfigJson json) {
    return VaeConfig.read(json.write(folder));
  }

  private void assertRefused(ConfigJson json, String... problems) {
    json.assertRefusedBy(VaeConfig::read, folder, problems);
  }
}
