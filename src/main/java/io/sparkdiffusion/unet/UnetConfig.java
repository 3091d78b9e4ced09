package io.sparkdiffusion.unet;

import io.sparkdiffusion.weights.ComponentConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What {@code unet/config.json} says of a UNet2DConditionModel.
 *
 * @param inChannels channels of the latents, and of what stands beside them
 * @param sampleSize the side of the latents that it was trained on
 * @param widths channels of each level, outermost first
 * @param heads attention heads of each level (diffusers' {@code attention_head_dim} holds counts)
 * @param downAttention for each level on the way down, whether it attends
 * @param upAttention the same for the way up, innermost first
 * @param onlyCrossAttention for each level, whether its pixels attend to the text alone and never
 *     to each other
 * @param layersPerBlock resnets of each level on the way down; one more on the way up
 * @param crossAttentionWidth width of the prompt embeddings
 * @param groups groups of every group norm
 * @param normEpsilon of the group norms in resnets and at the end; attention uses 1e-6
 * @param linearProjection whether tokens are projected by linear layers or 1x1 convolutions
 * @param upcastAttention whether attention's scores must be float32 even where the rest is not
 * @param cosineFirst order of the time projection's halves (diffusers' {@code flip_sin_to_cos})
 * @param frequencyShift subtracted from the number of frequencies in the time projection
 * @param classes how many labels there are, one of which each call is given; 0 for a UNet without
 */
public record UnetConfig(
    long inChannels,
    long outChannels,
    long sampleSize,
    List<Long> widths,
    List<Long> heads,
    List<Boolean> downAttention,
    List<Boolean> upAttention,
    List<Boolean> onlyCrossAttention,
    int layersPerBlock,
    long crossAttentionWidth,
    long groups,
    double normEpsilon,
    boolean linearProjection,
    boolean upcastAttention,
    boolean cosineFirst,
    double frequencyShift,
    long classes) {

  private static final long MOST_SAMPLES = 512;
  private static final String WIDTHS = "block_out_channels";
  private static final String HEADS = "attention_head_dim";
  private static final String GROUPS = "norm_num_groups";
  private static final String CLASSES = "num_class_embeds";
  private static final String DOWN_PLAIN = "DownBlock2D";
  private static final String DOWN_ATTENTION = "CrossAttnDownBlock2D";
  private static final String UP_PLAIN = "UpBlock2D";
  private static final String UP_ATTENTION = "CrossAttnUpBlock2D";

  /**
   * Reads and checks a file.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every key that does not fit
   */
  public static UnetConfig read(Path file) {
    ComponentConfig json = ComponentConfig.read(file);
    UnetConfig config = read(json, Part.WHOLE);
    json.finish();
    return config;
  }

  /** How much of a UNet a file describes. */
  enum Part {
    WHOLE,
    /** All but the way up, which is taken for the way down turned round. */
    WAY_DOWN
  }

  /** The same while the file is being read; other keys may follow. */
  static UnetConfig read(ComponentConfig json, Part part) {
    List<Long> widths = json.sizes(WIDTHS);
    List<Boolean> down =
        json.choices("down_block_types", WIDTHS, DOWN_ATTENTION, DOWN_PLAIN).stream()
            .map(DOWN_ATTENTION::equals)
            .toList();
    List<Boolean> up = part == Part.WHOLE ? wayUp(json) : reversed(down);
    refuseWhatIsNotSupported(json);
    if (part == Part.WAY_DOWN) {
      json.absent(CLASSES);
    }
    UnetConfig config =
        new UnetConfig(
            json.size("in_channels"),
            part == Part.WHOLE ? json.size("out_channels") : json.size("in_channels"),
            json.size("sample_size", 64),
            widths,
            json.sizes(HEADS, WIDTHS),
            down,
            up,
            json.flags("only_cross_attention", WIDTHS),
            json.count("layers_per_block", 2),
            json.size("cross_attention_dim"),
            json.size(GROUPS, 32),
            json.positive("norm_eps", 1e-5),
            json.flag("use_linear_projection", false),
            json.flag("upcast_attention", false),
            json.flag("flip_sin_to_cos", true),
            json.number("freq_shift", 0),
            part == Part.WHOLE ? classes(json) : 0);
    config.checkRelations(json);
    return config;
  }

  private static long classes(ComponentConfig json) {
    return json.has(CLASSES) ? json.size(CLASSES) : 0;
  }

  private static List<Boolean> wayUp(ComponentConfig json) {
    return json.choices("up_block_types", WIDTHS, UP_ATTENTION, UP_PLAIN).stream()
        .map(UP_ATTENTION::equals)
        .toList();
  }

  private static List<Boolean> reversed(List<Boolean> levels) {
    List<Boolean> reversed = new ArrayList<>(levels);
    Collections.reverse(reversed);
    return List.copyOf(reversed);
  }

  private void checkRelations(ComponentConfig json) {
    json.require(
        sampleSize <= MOST_SAMPLES,
        "it must be at most %s, of images of 4096 pixels".formatted(MOST_SAMPLES),
        "sample_size");
    for (int level = 0; level < widths.size(); level++) {
      json.require(
          widths.get(level) % heads.get(level) == 0,
          "each level's width must be a multiple of its heads",
          HEADS,
          WIDTHS);
      json.require(
          widths.get(level) % groups == 0,
          "each level's width must be a multiple of the groups",
          GROUPS,
          WIDTHS);
    }
    json.require(
        widths.get(0) % 2 == 0, "the first must be even, half sines, half cosines", WIDTHS);
    json.require(
        frequencyShift < widths.get(0) / 2,
        "it must be below half the first width",
        "freq_shift",
        WIDTHS);
  }

  private static void refuseWhatIsNotSupported(ComponentConfig json) {
    json.choice("act_fn", "silu", "swish");
    json.choice("mid_block_type", "UNetMidBlock2DCrossAttn");
    json.choice("resnet_time_scale_shift", "default");
    json.choice("time_embedding_type", "positional");
    json.choice("attention_type", "default");
    json.only(
            false,
            "center_input_sample",
            "class_embeddings_concat",
            "dual_cross_attention",
            "mid_block_only_cross_attention",
            "resnet_skip_time_act")
        .only(0, "dropout")
        .only(
            1,
            "downsample_padding",
            "mid_block_scale_factor",
            "resnet_out_scale_factor",
            "transformer_layers_per_block")
        .only(3, "conv_in_kernel", "conv_out_kernel")
        .absent(
            "addition_embed_type",
            "addition_time_embed_dim",
            "class_embed_type",
            "cross_attention_norm",
            "encoder_hid_dim",
            "encoder_hid_dim_type",
            "num_attention_heads",
            "projection_class_embeddings_input_dim",
            "reverse_transformer_layers_per_block",
            "time_cond_proj_dim",
            "time_embedding_act_fn",
            "time_embedding_dim",
            "timestep_post_act")
        .ignore("addition_embed_type_num_heads", "split_head_dim", "use_memory_efficient_attention")
        // What training's moving average writes into the configuration of its UNet (EMAModel).
        .ignore(
            "decay",
            "inv_gamma",
            "min_decay",
            "optimization_step",
            "power",
            "update_after_step",
            "use_ema_warmup");
  }
}
