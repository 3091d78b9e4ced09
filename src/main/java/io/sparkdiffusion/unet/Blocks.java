package io.sparkdiffusion.unet;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;
import java.util.Deque;

/** The UNet's levels (diffusers, unet_2d_blocks.py and attention.py) for one time and text. */
final class Blocks {

  /** Of the group norm before attention (diffusers, transformer_2d.py). */
  private static final double ATTENTION_NORM_EPSILON = 1e-6;

  private static final double LAYER_NORM_EPSILON = 1e-5;

  private final UnetConfig config;
  private final Tensor time;
  private final Tensor text;

  /**
   * The levels.
   *
   * @param time (1, T), what they know of timestep and class
   * @param text (R, S, D)
   */
  Blocks(UnetConfig config, Tensor time, Tensor text) {
    this.config = config;
    this.time = time.silu();
    this.text = text;
  }

  /** One level on the way down; every layer's result is pushed on the skips. */
  Tensor down(Scope scope, int level, Tensor x, Deque<Tensor> skips) {
    Tensor h = x;
    for (int layer = 0; layer < config.layersPerBlock(); layer++) {
      h = resnet(scope.sub("resnets", layer), h, config.widths().get(level));
      if (config.downAttention().get(level)) {
        h = transformer(scope.sub("attentions", layer), h, level);
      }
      skips.push(h);
    }
    if (level < config.widths().size() - 1) {
      h = scope.sub("downsamplers", 0).conv2d("conv", h, h.size(1), 3, 2);
      skips.push(h);
    }
    return h;
  }

  /** Resnet, attention, resnet at the lowest level. */
  Tensor middle(Scope scope, Tensor x) {
    int last = config.widths().size() - 1;
    long width = config.widths().get(last);
    Tensor h = resnet(scope.sub("resnets", 0), x, width);
    h = transformer(scope.sub("attentions", 0), h, config.heads().get(last), false);
    return resnet(scope.sub("resnets", 1), h, width);
  }

  /** One level on the way up; each layer takes the newest skip. */
  Tensor up(Scope scope, int block, Tensor x, Deque<Tensor> skips) {
    int level = config.widths().size() - 1 - block;
    Tensor h = x;
    for (int layer = 0; layer <= config.layersPerBlock(); layer++) {
      Tensor joined = Tensor.cat(1, h, skips.pop());
      h = resnet(scope.sub("resnets", layer), joined, config.widths().get(level));
      if (config.upAttention().get(block)) {
        h = transformer(scope.sub("attentions", layer), h, level);
      }
    }
    if (level > 0) {
      h = upsample(scope.sub("upsamplers", 0), h, skips.element());
    }
    return h;
  }

  /** To the skip's size: the double, or one less where the way down has met an odd size. */
  private static Tensor upsample(Scope scope, Tensor x, Tensor skip) {
    Tensor large = x.upsampleNearest(skip.size(2), skip.size(3));
    return scope.conv2d("conv", large, x.size(1), 3, 1);
  }

  /** x (R, C, H, W) to (R, width, H, W). */
  private Tensor resnet(Scope scope, Tensor x, long width) {
    Tensor h = scope.groupNorm("norm1", x, config.groups(), config.normEpsilon()).silu();
    // temb = self.time_emb_proj(self.nonlinearity(temb))[:, :, None, None]
    Tensor shift = scope.linear("time_emb_proj", time, width).reshape(1, width, 1, 1);
    h = scope.conv2d("conv1", h, width, 3, 1).plus(shift);
    h = scope.groupNorm("norm2", h, config.groups(), config.normEpsilon()).silu();
    Tensor shortcut = x.size(1) == width ? x : scope.conv2d("conv_shortcut", x, width, 1, 1);
    return scope.conv2d("conv2", h, width, 3, 1).plus(shortcut);
  }

  private Tensor transformer(Scope scope, Tensor x, int level) {
    return transformer(scope, x, config.heads().get(level), config.onlyCrossAttention().get(level));
  }

  /** A spatial transformer of one block: x (R, C, H, W), the same shape back. */
  private Tensor transformer(Scope scope, Tensor x, long heads, boolean onlyText) {
    long channels = x.size(1);
    Tensor h = scope.groupNorm("norm", x, config.groups(), ATTENTION_NORM_EPSILON);
    h =
        config.linearProjection()
            ? scope.linear("proj_in", tokens(h), channels)
            : tokens(scope.conv2d("proj_in", h, channels, 1, 1));
    h = transformerBlock(scope.sub("transformer_blocks", 0), h, heads, onlyText);
    if (!config.linearProjection()) {
      return scope.conv2d("proj_out", pixels(h, x), channels, 1, 1).plus(x);
    }
    Tensor residual = tokens(x);
    return pixels(scope.linear("proj_out", h, channels).plus(residual), x);
  }

  /**
   * x (R, N, C): self-attention or attention to the text, attention to the text, feed-forward, each
   * with a residual.
   */
  private Tensor transformerBlock(Scope scope, Tensor x, long heads, boolean onlyText) {
    Tensor norm1 = scope.layerNorm("norm1", x, LAYER_NORM_EPSILON);
    Tensor h = attention(scope.sub("attn1"), norm1, onlyText ? text : norm1, heads).plus(x);
    Tensor norm2 = scope.layerNorm("norm2", h, LAYER_NORM_EPSILON);
    h = attention(scope.sub("attn2"), norm2, text, heads).plus(h);
    Tensor norm3 = scope.layerNorm("norm3", h, LAYER_NORM_EPSILON);
    return feedForward(scope.sub("ff").sub("net"), norm3).plus(h);
  }

  /** Multi-head attention (arXiv 1706.03762, section 3.2) of x (R, N, C) to context (R, S, D). */
  private Tensor attention(Scope scope, Tensor x, Tensor context, long heads) {
    long channels = x.size(-1);
    Attention.Kind kind =
        config.upcastAttention() ? Attention.Kind.FULL : Attention.Kind.FULL_ROUNDED;
    Tensor query = split(scope.linearNoBias("to_q", x, channels), heads);
    Tensor key = split(scope.linearNoBias("to_k", context, channels), heads);
    Tensor value = split(scope.linearNoBias("to_v", context, channels), heads);
    Tensor joined =
        Attention.of(query, key, value, kind)
            .transpose(1, 2)
            .reshape(x.size(0), x.size(1), channels);
    return scope.sub("to_out").linear("0", joined, channels);
  }

  /** GEGLU (arXiv 2002.05202), then back to the width of x (R, N, C). */
  private static Tensor feedForward(Scope net, Tensor x) {
    long inner = 4 * x.size(-1);
    // hidden_states, gate = self.proj(x).chunk(2, dim=-1); hidden_states * F.gelu(gate)
    Tensor both = net.sub("0").linear("proj", x, 2 * inner);
    Tensor gated = both.narrow(-1, inner, inner).gelu().times(both.narrow(-1, 0, inner));
    return net.linear("2", gated, x.size(-1));
  }

  /** (R, N, heads · D) to (R, heads, N, D). */
  private static Tensor split(Tensor x, long heads) {
    return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  /** (R, C, H, W) to (R, H · W, C). */
  private static Tensor tokens(Tensor x) {
    return x.permute(0, 2, 3, 1).reshape(x.size(0), x.size(2) * x.size(3), x.size(1));
  }

  /** (R, H · W, C) back to the shape of {@code like}. */
  private static Tensor pixels(Tensor tokens, Tensor like) {
    return tokens
        .reshape(like.size(0), like.size(2), like.size(3), like.size(1))
        .permute(0, 3, 1, 2);
  }
}
