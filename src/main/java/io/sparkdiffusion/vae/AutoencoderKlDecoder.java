package io.sparkdiffusion.vae;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;
import java.util.List;

/** The decoder of the autoencoder (arXiv 2112.10752, appendix G; diffusers, AutoencoderKL). */
public final class AutoencoderKlDecoder {

  /** Of every group norm (diffusers, vae.py). */
  private static final double EPSILON = 1e-6;

  private final VaeConfig config;

  /** The network that a configuration describes. */
  public AutoencoderKlDecoder(VaeConfig config) {
    this.config = config;
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
    h = middle(decoder.sub("mid_block"), h);
    for (int block = 0; block < widths.size(); block++) {
      h = up(decoder.sub("up_blocks", block), h, widths.get(block), block < widths.size() - 1);
    }
    h = norm(decoder, "conv_norm_out", h).silu();
    return decoder.conv2d("conv_out", h, config.outChannels(), 3, 1).to(Dtype.FLOAT32);
  }

  private Tensor middle(Scope scope, Tensor x) {
    Tensor h = resnet(scope.sub("resnets", 0), x, x.size(1));
    if (config.middleAttention()) {
      h = attention(scope.sub("attentions", 0), h);
    }
    return resnet(scope.sub("resnets", 1), h, x.size(1));
  }

  private Tensor up(Scope scope, Tensor x, long width, boolean upsamples) {
    Tensor h = x;
    for (int layer = 0; layer <= config.layersPerBlock(); layer++) {
      h = resnet(scope.sub("resnets", layer), h, width);
    }
    if (!upsamples) {
      return h;
    }
    Tensor large = h.upsampleNearest(2 * h.size(2), 2 * h.size(3));
    return scope.sub("upsamplers", 0).conv2d("conv", large, width, 3, 1);
  }

  /** x (B, C, H, W) to (B, width, H, W). */
  private Tensor resnet(Scope scope, Tensor x, long width) {
    Tensor h = scope.conv2d("conv1", norm(scope, "norm1", x).silu(), width, 3, 1);
    Tensor shortcut = x.size(1) == width ? x : scope.conv2d("conv_shortcut", x, width, 1, 1);
    return scope.conv2d("conv2", norm(scope, "norm2", h).silu(), width, 3, 1).plus(shortcut);
  }

  /** One head over all channels, between the pixels: x (B, C, H, W), the same shape back. */
  private Tensor attention(Scope scope, Tensor x) {
    long channels = x.size(1);
    long pixels = x.size(2) * x.size(3);
    Tensor tokens =
        norm(scope, "group_norm", x).permute(0, 2, 3, 1).reshape(x.size(0), pixels, channels);
    Tensor query = scope.linear("to_q", tokens, channels).unsqueeze(1);
    Tensor key = scope.linear("to_k", tokens, channels).unsqueeze(1);
    Tensor value = scope.linear("to_v", tokens, channels).unsqueeze(1);
    Tensor seen =
        Attention.of(query, key, value, Attention.Kind.FULL).reshape(tokens.shape().sizes());
    return scope
        .sub("to_out")
        .linear("0", seen, channels)
        .reshape(x.size(0), x.size(2), x.size(3), channels)
        .permute(0, 3, 1, 2)
        .plus(x);
  }

  private Tensor norm(Scope scope, String name, Tensor x) {
    return scope.groupNorm(name, x, config.groups(), EPSILON);
  }
}
