package io.sparkdiffusion.vae;

import io.sparkdiffusion.weights.ComponentConfig;
import java.nio.file.Path;

/**
 * What {@code vae/config.json} says of an AutoencoderKL's encoder, which is asked for only where an
 * image is encoded.
 *
 * @param vae what it has in common with the decoder
 * @param quantConv whether a 1x1 convolution comes last
 */
public record VaeEncoderConfig(VaeConfig vae, boolean quantConv) {

  /** Of an image: red, green and blue. */
  public static final long CHANNELS = 3;

  /**
   * Reads and checks a file, what the decoder needs too.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every key that does not fit
   */
  public static VaeEncoderConfig read(Path file) {
    VaeConfig vae = VaeConfig.read(file);
    ComponentConfig json = ComponentConfig.read(file);
    json.choices("down_block_types", VaeConfig.WIDTHS, "DownEncoderBlock2D");
    json.require(
        json.size("in_channels", CHANNELS) == CHANNELS, "images have 3 channels", "in_channels");
    boolean quantConv = json.flag("use_quant_conv", true);
    json.throwIfAny();
    return new VaeEncoderConfig(vae, quantConv);
  }
}
