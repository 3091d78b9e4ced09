package io.sparkdiffusion.unet;

import io.sparkdiffusion.weights.ComponentConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * What the {@code config.json} of a ControlNetModel says.
 *
 * @param unet the UNet whose way down it copies
 * @param conditioningWidths channels of each level of what embeds the conditioning image, each half
 *     as large as the one before
 */
public record ControlNetConfig(UnetConfig unet, List<Long> conditioningWidths) {

  /** Of a conditioning image: red, green and blue. */
  static final int CHANNELS = 3;

  /**
   * Reads and checks a file.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every key that does not fit
   */
  public static ControlNetConfig read(Path file) {
    ComponentConfig json = ComponentConfig.read(file);
    UnetConfig unet = UnetConfig.read(json, UnetConfig.Part.WAY_DOWN);
    json.only(CHANNELS, "conditioning_channels")
        .only("rgb", "controlnet_conditioning_channel_order")
        .only(false, "global_pool_conditions");
    ControlNetConfig config =
        new ControlNetConfig(unet, json.sizes("conditioning_embedding_out_channels"));
    json.finish();
    return config;
  }

  /** Pixels of the conditioning image for each latent, in one direction: 8 for four levels. */
  public long compression() {
    return 1L << (conditioningWidths.size() - 1);
  }
}
