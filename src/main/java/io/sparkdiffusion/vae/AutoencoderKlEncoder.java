package io.sparkdiffusion.vae;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;
import java.util.List;

/** The encoder of the autoencoder (arXiv 2112.10752, appendix G; diffusers, AutoencoderKL). */
public final class AutoencoderKlEncoder {

  private final VaeEncoderConfig config;
  private final VaeBlocks blocks;

  /** The network that a configuration describes. */
  public AutoencoderKlEncoder(VaeEncoderConfig config) {
    this.config = config;
    this.blocks = new VaeBlocks(config.vae());
  }

  /** Whether a weight of an autoencoder, by its name, is the encoder's. */
  public static boolean hasWeight(String name) {
    return name.startsWith("encoder.") || name.startsWith("quant_conv.");
  }

  /**
   * Records one call. Input: images (B, 3, H, W) float32, -1 to 1; result: the moments (B, 2 C,
   * H/8, W/8) float32 of their latents, of which {@link DiagonalGaussian} takes samples.
   *
   * @param dtype the type to compute in
   * @param height of the images, a multiple of 8 as their width
   */
  public Graph record(Dtype dtype, long batch, long height, long width) {
    Graph graph = new Graph("the VAE encoder");
    Tensor images = graph.input(batch, VaeEncoderConfig.CHANNELS, height, width);
    return graph.returns(encode(graph.scope(), images, dtype));
  }

  /** The same within a larger graph: images (B, 3, H, W) to moments (B, 2 C, H/8, W/8). */
  public Tensor encode(Scope scope, Tensor images, Dtype dtype) {
    Scope encoder = scope.sub("encoder");
    List<Long> widths = config.vae().widths();
    Tensor h = encoder.conv2d("conv_in", images.to(dtype), widths.get(0), 3, 1);
    for (int block = 0; block < widths.size(); block++) {
      h = down(encoder.sub("down_blocks", block), h, widths.get(block), block < widths.size() - 1);
    }
    h = blocks.middle(encoder.sub("mid_block"), h);
    h = blocks.norm(encoder, "conv_norm_out", h).silu();
    long moments = 2 * config.vae().latentChannels();
    h = encoder.conv2d("conv_out", h, moments, 3, 1);
    if (config.quantConv()) {
      h = scope.conv2d("quant_conv", h, moments, 1, 1);
    }
    return h.to(Dtype.FLOAT32);
  }

  private Tensor down(Scope scope, Tensor x, long width, boolean downsamples) {
    Tensor h = x;
    for (int layer = 0; layer < config.vae().layersPerBlock(); layer++) {
      h = blocks.resnet(scope.sub("resnets", layer), h, width);
    }
    // hidden_states = F.pad(hidden_states, (0, 1, 0, 1)); Downsample2D has padding 0
    return downsamples
        ? scope.sub("downsamplers", 0).conv2dInside("conv", h.zeroPadded(1, 1), width, 3, 2)
        : h;
  }
}
