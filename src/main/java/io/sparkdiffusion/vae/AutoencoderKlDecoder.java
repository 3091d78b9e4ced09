package io.sparkdiffusion.vae;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;
import java.util.List;

/** The decoder of the autoencoder (arXiv 2112.10752, appendix G; diffusers, AutoencoderKL). */
public final class AutoencoderKlDecoder {

  private final VaeConfig config;
  private final VaeBlocks blocks;

  /** The network that a configuration describes. */
  public AutoencoderKlDecoder(VaeConfig config) {
    this.config = config;
    this.blocks = new VaeBlocks(config);
  }

  /** Whether a weight of an autoencoder, by its name, is the decoder's. */
  public static boolean hasWeight(String name) {
    return name.startsWith("decoder.") || name.startsWith("post_quant_conv.");
  }

  /**
   * Records one call. Input: latents (B, C, H, W) float32 as the sampler leaves them; result:
   * images (B, 3, 8 H, 8 W) float32, about -1 to 1.
   *
   * @param dtype the type to compute in
   */
  public Graph record(Dtype dtype, long batch, long height, long width) {
    Graph graph = new Graph("the VAE decoder");
    Tensor latents = graph.input(batch, config.latentChannels(), height, width);
    return graph.returns(decode(graph.scope(), latents, dtype));
  }

  /** The same within a larger graph: latents (B, C, H, W) to images (B, 3, 8 H, 8 W). */
  public Tensor decode(Scope scope, Tensor latents, Dtype dtype) {
    Tensor h = latents.dividedBy(config.scalingFactor()).to(dtype);
    if (config.postQuantConv()) {
      h = scope.conv2d("post_quant_conv", h, config.latentChannels(), 1, 1);
    }
    Scope decoder = scope.sub("decoder");
    List<Long> widths = config.widthsUpwards();
    h = decoder.conv2d("conv_in", h, widths.get(0), 3, 1);
    h = blocks.middle(decoder.sub("mid_block"), h);
    for (int block = 0; block < widths.size(); block++) {
      h = up(decoder.sub("up_blocks", block), h, widths.get(block), block < widths.size() - 1);
    }
    h = blocks.norm(decoder, "conv_norm_out", h).silu();
    return decoder.conv2d("conv_out", h, config.outChannels(), 3, 1).to(Dtype.FLOAT32);
  }

  private Tensor up(Scope scope, Tensor x, long width, boolean upsamples) {
    Tensor h = x;
    for (int layer = 0; layer <= config.layersPerBlock(); layer++) {
      h = blocks.resnet(scope.sub("resnets", layer), h, width);
    }
    if (!upsamples) {
      return h;
    }
    Tensor large = h.upsampleNearest(2 * h.size(2), 2 * h.size(3));
    return scope.sub("upsamplers", 0).conv2d("conv", large, width, 3, 1);
  }
}
