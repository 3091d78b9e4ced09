package io.sparkdiffusion.unet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.testing.ConfigJson;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlNetConfigTest {

  /** The keys of Stable Diffusion 1.5's published ControlNets. */
  private static final ConfigJson FULL =
      ConfigJson.of(
          "_class_name=\"ControlNetModel\"",
          "act_fn=\"silu\"",
          "attention_head_dim=8",
          "block_out_channels=[320, 640, 1280, 1280]",
          "class_embed_type=null",
          "conditioning_embedding_out_channels=[16, 32, 96, 256]",
          "controlnet_conditioning_channel_order=\"rgb\"",
          "cross_attention_dim=768",
          "down_block_types=[\"CrossAttnDownBlock2D\", \"CrossAttnDownBlock2D\","
              + " \"CrossAttnDownBlock2D\", \"DownBlock2D\"]",
          "downsample_padding=1",
          "flip_sin_to_cos=true",
          "freq_shift=0",
          "in_channels=4",
          "layers_per_block=2",
          "mid_block_scale_factor=1",
          "norm_eps=1e-05",
          "norm_num_groups=32",
          "num_class_embeds=null",
          "only_cross_attention=false",
          "projection_class_embeddings_input_dim=null",
          "resnet_time_scale_shift=\"default\"",
          "upcast_attention=false",
          "use_linear_projection=false");

  @TempDir Path folder;

  @Test
  void publishedKeysAreRead() {
    ControlNetConfig config = ControlNetConfig.read(FULL.write(folder));

    assertThat(config.conditioningWidths()).containsExactly(16L, 32L, 96L, 256L);
    assertThat(config.compression()).isEqualTo(8);
    assertThat(config.unet().widths()).containsExactly(320L, 640L, 1280L, 1280L);
    assertThat(config.unet().downAttention()).isEqualTo(List.of(true, true, true, false));
    assertThat(config.unet().crossAttentionWidth()).isEqualTo(768);
  }

  /** Twelve skips and the lowest level of an image of 512 pixels; diffusers' published network. */
  @Test
  void itsResidualsAreOfTheSizesOfTheUnets() {
    ControlNetConfig config = ControlNetConfig.read(FULL.write(folder));
    Graph graph = new ControlNet(config).record(Dtype.FLOAT32, 1, 2, 64, 64, 77);

    long expected =
        3 * 320 * 4096 + 320 * 1024 + 2 * 640 * 1024 + 640 * 256 + 2 * 1280 * 256 + 4 * 1280 * 64;
    assertThat(graph.resultShape()).isEqualTo(Shape.of(2, expected));
    assertThat(graph.weights())
        .containsEntry("controlnet_cond_embedding.blocks.5.weight", Shape.of(256, 96, 3, 3))
        .containsEntry("controlnet_down_blocks.11.weight", Shape.of(1280, 1280, 1, 1))
        .containsEntry("controlnet_mid_block.bias", Shape.of(1280))
        .doesNotContainKey("controlnet_down_blocks.12.weight");
  }

  @Test
  void whatWouldChangeTheResultIsRefused() {
    FULL.with(
            "controlnet_conditioning_channel_order=\"bgr\"",
            "conditioning_channels=1",
            "global_pool_conditions=true",
            "class_embed_type=\"timestep\"",
            "num_class_embeds=10",
            "new=1")
        .assertRefusedBy(
            ControlNetConfig::read,
            folder,
            "class_embed_type | it is not supported and would change the result (timestep)",
            "num_class_embeds | it is not supported and would change the result (10)",
            "conditioning_channels | only 3 is supported (1)",
            "controlnet_conditioning_channel_order | only rgb is supported (bgr)",
            "global_pool_conditions | only false is supported (true)",
            "new | the key is unknown and might change the result (1)");
  }
}
