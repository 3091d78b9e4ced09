package io.sparkdiffusion.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sparkdiffusion.testing.ConfigJson;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnetConfigTest {

  private static final ConfigJson REQUIRED =
      ConfigJson.of(
          "in_channels=4",
          "out_channels=4",
          "block_out_channels=[32, 64]",
          "down_block_types=[\"CrossAttnDownBlock2D\", \"DownBlock2D\"]",
          "up_block_types=[\"UpBlock2D\", \"CrossAttnUpBlock2D\"]",
          "attention_head_dim=8",
          "cross_attention_dim=16");

  @TempDir Path folder;

  @Test
  void defaultsAreThoseOfDiffusers() {
    assertThat(read(REQUIRED))
        .isEqualTo(
            new UnetConfig(
                4,
                4,
                64,
                List.of(32L, 64L),
                List.of(8L, 8L),
                List.of(true, false),
                List.of(false, true),
                List.of(false, false),
                2,
                16,
                32,
                1e-5,
                false,
                false,
                true,
                0,
                0));
  }

  @Test
  void everyKeyIsRead() {
    ConfigJson full =
        ConfigJson.of(
            "in_channels=5",
            "out_channels=6",
            "sample_size=96",
            "block_out_channels=[8, 12, 20]",
            "attention_head_dim=[1, 3, 5]",
            "down_block_types=[\"DownBlock2D\", \"CrossAttnDownBlock2D\", \"CrossAttnDownBlock2D\"]",
            "up_block_types=[\"UpBlock2D\", \"UpBlock2D\", \"CrossAttnUpBlock2D\"]",
            "layers_per_block=3",
            "cross_attention_dim=7",
            "norm_num_groups=4",
            "norm_eps=1e-6",
            "use_linear_projection=true",
            "upcast_attention=true",
            "flip_sin_to_cos=false",
            "freq_shift=1",
            "only_cross_attention=[true, false, true]",
            "num_class_embeds=12");

    assertThat(read(full))
        .isEqualTo(
            new UnetConfig(
                5,
                6,
                96,
                List.of(8L, 12L, 20L),
                List.of(1L, 3L, 5L),
                List.of(false, true, true),
                List.of(false, false, true),
                List.of(true, false, true),
                3,
                7,
                4,
                1e-6,
                true,
                true,
                false,
                1,
                12));
  }

  /** Some versions of diffusers, and trainings, write more than the network has. */
  @Test
  void keysThatAreNullOrOfTrainingAndEqualEntriesChangeNothing() {
    ConfigJson more =
        REQUIRED.with(
            "some_future_key=null",
            "decay=0.9999",
            "optimization_step=1000",
            "update_after_step=0",
            "cross_attention_dim=[16, 16]",
            "layers_per_block=[2, 2]",
            "only_cross_attention=[false, false]",
            "transformer_layers_per_block=[1, 1]",
            "sample_size=[64, 64]");

    assertThat(read(more)).isEqualTo(read(REQUIRED));
  }

  /** The value that changes nothing, and one that would. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "act_fn | \"silu\" | \"gelu\" | it must be one of silu, swish (gelu)",
        "act_fn | \"swish\" | 1 | it must be one of silu, swish (1)",
        "mid_block_type | \"UNetMidBlock2DCrossAttn\" | \"UNetMidBlock2D\" | it must be one of"
            + " UNetMidBlock2DCrossAttn (UNetMidBlock2D)",
        "resnet_time_scale_shift | \"default\" | \"scale_shift\" | it must be one of default"
            + " (scale_shift)",
        "time_embedding_type | \"positional\" | \"fourier\" | it must be one of positional"
            + " (fourier)",
        "attention_type | \"default\" | \"gated\" | it must be one of default (gated)",
        "center_input_sample | false | true | only false is supported (true)",
        "class_embeddings_concat | false | true | only false is supported (true)",
        "dual_cross_attention | false | true | only false is supported (true)",
        "mid_block_only_cross_attention | null | true | only false is supported (true)",
        "only_cross_attention | false | [true] | it must be false, or have an entry for each of"
            + " block_out_channels ([true])",
        "only_cross_attention | [true, false] | true | it must be false, or have an entry for each"
            + " of block_out_channels (true)",
        "only_cross_attention | [false, false] | [true, 1] | it must be false, or have an entry for"
            + " each of block_out_channels ([true, 1])",
        "resnet_skip_time_act | false | true | only false is supported (true)",
        "dropout | 0.0 | 0.1 | only 0 is supported (0.1)",
        "downsample_padding | 1 | 0 | only 1 is supported (0)",
        "mid_block_scale_factor | 1.0 | 2 | only 1 is supported (2)",
        "resnet_out_scale_factor | 1.0 | 2.0 | only 1 is supported (2.0)",
        "transformer_layers_per_block | 1 | [1, 2] | only 1 is supported ([1, 2])",
        "conv_in_kernel | 3 | 1 | only 3 is supported (1)",
        "conv_out_kernel | 3 | \"3\" | only 3 is supported (3)",
        "addition_embed_type | null | \"text\" | it is not supported and would change the result"
            + " (text)",
        "addition_time_embed_dim | null | 1 | it is not supported and would change the result (1)",
        "class_embed_type | null | 1 | it is not supported and would change the result (1)",
        "cross_attention_norm | null | 1 | it is not supported and would change the result (1)",
        "encoder_hid_dim | null | 1 | it is not supported and would change the result (1)",
        "encoder_hid_dim_type | null | 1 | it is not supported and would change the result (1)",
        "num_attention_heads | null | 8 | it is not supported and would change the result (8)",
        "num_class_embeds | 10 | 0 | it must be a whole number from 1 to 2147483647 (0)",
        "projection_class_embeddings_input_dim | null | 1 | it is not supported and would change"
            + " the result (1)",
        "reverse_transformer_layers_per_block | null | 1 | it is not supported and would change the"
            + " result (1)",
        "time_cond_proj_dim | null | 256 | it is not supported and would change the result (256)",
        "time_embedding_act_fn | null | 1 | it is not supported and would change the result (1)",
        "time_embedding_dim | null | 1 | it is not supported and would change the result (1)",
        "timestep_post_act | null | 1 | it is not supported and would change the result (1)",
        "some_new_key | null | false | the key is unknown and might change the result (false)",
        "block_out_channels | [64, 32] | [32, 0] | it must be a list of 1 to 10 whole numbers from 1"
            + " to 2147483647 ([32, 0])",
        "block_out_channels | [64, 32] | [] | it must be a list of 1 to 10 whole numbers from 1 to"
            + " 2147483647 ([])",
        "block_out_channels | [64, 32] | [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4] | it must be a list of 1"
            + " to 10 whole numbers from 1 to 2147483647 ([4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4])",
        "block_out_channels | [64, 32] | 32 | it must be a list of 1 to 10 whole numbers from 1 to"
            + " 2147483647 (32)",
        "attention_head_dim | [2, 4] | [2] | it must have an entry for each of block_out_channels"
            + " ([2])",
        "attention_head_dim | [2, 4] | [2, 1.5] | it must be a list of 1 to 10 whole numbers from 1"
            + " to 2147483647 ([2, 1.5])",
        "attention_head_dim | [2, 4] | -8 | it must be a whole number from 1 to 2147483647 (-8)",
        "attention_head_dim | 2 | \"8\" | it must be a list of 1 to 10 whole numbers from 1 to"
            + " 2147483647 (8)",
        "attention_head_dim | 2 | [8, 5] | each level's width must be a multiple of its heads ([8,"
            + " 5])",
        "norm_num_groups | 16 | 24 | each level's width must be a multiple of the groups (24)",
        "norm_num_groups | 16 | 0 | it must be a whole number from 1 to 2147483647 (0)",
        "norm_eps | 1 | 0 | it must be a number above 0 (0)",
        "norm_eps | 1e-3 | \"1e-3\" | it must be a number above 0 (1e-3)",
        "freq_shift | 15 | 16 | it must be below half the first width (16)",
        "freq_shift | -1.5 | \"0\" | it must be a number (0)",
        "layers_per_block | 100 | 101 | it must be a whole number from 1 to 100 (101)",
        "layers_per_block | 1 | [1, 2] | it must be a whole number from 1 to 100 ([1, 2])",
        "cross_attention_dim | 5 | null | it must be a whole number from 1 to 2147483647 (absent)",
        "in_channels | 9 | 2.5 | it must be a whole number from 1 to 2147483647 (2.5)",
        "out_channels | 8.0 | 3e9 | it must be a whole number from 1 to 2147483647 (3.0E9)",
        "sample_size | 32 | 18446744073709551617 | it must be a whole number from 1 to 2147483647"
            + " (18446744073709551617)",
        "use_linear_projection | true | 1 | it must be true or false (1)",
        "flip_sin_to_cos | false | \"true\" | it must be true or false (true)",
        "down_block_types | [\"DownBlock2D\", \"DownBlock2D\"] | [\"DownBlock2D\"] | it must have an"
            + " entry for each of block_out_channels ([DownBlock2D])",
        "down_block_types | [\"DownBlock2D\", \"DownBlock2D\"] | [\"DownBlock2D\", \"Other\"] | each"
            + " entry must be one of CrossAttnDownBlock2D, DownBlock2D ([DownBlock2D, Other])",
        "up_block_types | [\"UpBlock2D\", \"UpBlock2D\"] | [\"UpBlock2D\", \"DownBlock2D\"] | each"
            + " entry must be one of CrossAttnUpBlock2D, UpBlock2D ([UpBlock2D, DownBlock2D])",
        "up_block_types | [\"UpBlock2D\", \"UpBlock2D\"] | [] | it must have an entry for each of"
            + " block_out_channels ([])"
      })
  void valuesThatDoNotFitAreRefusedByKey(String key, String good, String bad, String message) {
    assertThatCode(() -> read(REQUIRED.with(key + "=" + good))).doesNotThrowAnyException();
    assertRefused(REQUIRED.with(key + "=" + bad), key + " | " + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "addition_embed_type_num_heads=64",
        "_class_name=\"UNet2DConditionModel\"",
        "_diffusers_version=\"0.10.0.dev0\"",
        "some_new_key=null"
      })
  void whatChangesNothingIsPassedOver(String entry) {
    assertThat(read(REQUIRED.with(entry))).isEqualTo(read(REQUIRED));
  }

  @Test
  void theFirstWidthIsHalvedIntoSinesAndCosines() {
    assertRefused(
        REQUIRED.with("block_out_channels=[33, 66]", "norm_num_groups=3", "attention_head_dim=1"),
        "block_out_channels | the first must be even, half sines, half cosines ([33, 66])");
  }

  @Test
  void allProblemsAreReportedTogetherOneForEachKey() {
    assertRefused(
        REQUIRED
            .without("in_channels", "attention_head_dim")
            .with("block_out_channels=[32, 48, 64]", "zzz=1", "aaa=2", "norm_eps=-1", "dropout=1"),
        "down_block_types | it must have an entry for each of block_out_channels"
            + " ([CrossAttnDownBlock2D, DownBlock2D])",
        "up_block_types | it must have an entry for each of block_out_channels ([UpBlock2D,"
            + " CrossAttnUpBlock2D])",
        "dropout | only 0 is supported (1)",
        "in_channels | it must be a whole number from 1 to 2147483647 (absent)",
        "attention_head_dim | it must be a list of 1 to 10 whole numbers from 1 to 2147483647"
            + " (absent)",
        "norm_eps | it must be a number above 0 (-1)",
        "norm_num_groups | each level's width must be a multiple of the groups (absent)",
        "aaa | the key is unknown and might change the result (2)",
        "zzz | the key is unknown and might change the result (1)");
  }

  @Test
  void aWrongListDoesNotMakeTheListsBesideItWrong() {
    assertRefused(
        REQUIRED.without("block_out_channels"),
        "block_out_channels | it must be a list of 1 to 10 whole numbers from 1 to 2147483647"
            + " (absent)");
  }

  private UnetConfig read(ConfigJson json) {
    return UnetConfig.read(json.write(folder));
  }

  private void assertRefused(ConfigJson json, String... problems) {
    json.assertRefusedBy(UnetConfig::read, folder, problems);
  }
}
