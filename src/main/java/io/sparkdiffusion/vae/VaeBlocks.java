package io.sparkdiffusion.vae;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;

/** What encoder and decoder are both made of (diffusers, unet_2d_blocks.py and vae.py). */
final class VaeBlocks {

  /** Of every group norm (diffusers, vae.py). */
  private static final double EPSILON = 1e-6;

  private final VaeConfig config;

  VaeBlocks(VaeConfig config) {
    this.config = config;
  }

  /** Resnet, attention, resnet at the lowest level: x (B, C, H, W), the same shape back. */
  Tensor middle(Scope scope, Tensor x) {
    Tensor h = resnet(scope.sub("resnets", 0), x, x.size(1));
    if (config.middleAttention()) {
      h = attention(scope.sub("attentions", 0), h);
    }
    return resnet(scope.sub("resnets", 1), h, x.size(1));
  }

  /** x (B, C, H, W) to (B, width, H, W). */
  Tensor resnet(Scope scope, Tensor x, long width) {
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

  /** A group norm of x (B, C, H, W), the same shape back. */
  Tensor norm(Scope scope, String name, Tensor x) {
    return scope.groupNorm(name, x, config.groups(), EPSILON);
  }
}
