package io.sparkdiffusion.vae;

import io.sparkdiffusion.weights.ComponentConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What {@code vae/config.json} says of an AutoencoderKL's decoder; {@link VaeEncoderConfig} has the
 * encoder's keys.
 *
 * @param widths channels of each level, outermost first
 * @param sampleSize the side of the images that it was trained on, in pixels
 * @param scalingFactor latents are divided by it before decoding; 0.18215 where the key is absent
 *     and 32 for the size (diffusers, AutoencoderKL)
 * @param forceUpcast whether it overflows in float16; true where the key is absent
 */
public record VaeConfig(
    long latentChannels,
    long outChannels,
    List<Long> widths,
    int layersPerBlock,
    long groups,
    long sampleSize,
    double scalingFactor,
    boolean postQuantConv,
    boolean middleAttention,
    boolean forceUpcast) {

  static final String WIDTHS = "block_out_channels";
  private static final String GROUPS = "norm_num_groups";
  private static final int DEFAULT_SAMPLE_SIZE = 32;
  private static final double DEFAULT_SCALING_FACTOR = 0.18215;

  /**
   * Reads and checks a file.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every key that does not fit
   */
  public static VaeConfig read(Path file) {
    ComponentConfig json = ComponentConfig.read(file);
    List<Long> widths = json.sizes(WIDTHS);
    json.choices("up_block_types", WIDTHS, "UpDecoderBlock2D");
    json.choice("act_fn", "silu", "swish");
    json.absent("shift_factor", "latents_mean", "latents_std")
        .ignore("in_channels", "down_block_types", "use_quant_conv");
    VaeConfig config =
        new VaeConfig(
            json.size("latent_channels"),
            json.size("out_channels"),
            widths,
            json.count("layers_per_block", 1),
            json.size(GROUPS, 32),
            json.size("sample_size", DEFAULT_SAMPLE_SIZE),
            json.positive("scaling_factor", DEFAULT_SCALING_FACTOR),
            json.flag("use_post_quant_conv", true),
            json.flag("mid_block_add_attention", true),
            json.flag("force_upcast", true));
    json.require(config.outChannels == 3, "images have 3 channels", "out_channels");
    json.require(
        widths.stream().allMatch(width -> width % config.groups == 0),
        "each level's width must be a multiple of the groups",
        GROUPS,
        WIDTHS);
    json.finish();
    return config;
  }

  /** The same with another scaling factor. */
  public VaeConfig withScalingFactor(double other) {
    return new VaeConfig(
        latentChannels,
        outChannels,
        widths,
        layersPerBlock,
        groups,
        sampleSize,
        other,
        postQuantConv,
        middleAttention,
        forceUpcast);
  }

  /** Channels of each level, innermost first. */
  List<Long> widthsUpwards() {
    List<Long> reversed = new ArrayList<>(widths);
    Collections.reverse(reversed);
    return reversed;
  }

  /** Pixels for each latent, in one direction: 8 for four levels. */
  public long compression() {
    return 1L << (widths.size() - 1);
  }
}
