package io.sparkdiffusion.unet;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The UNet of Stable Diffusion (arXiv 2112.10752; diffusers, UNet2DConditionModel): it predicts the
 * noise, or v, in latents at a timestep, given prompt embeddings.
 */
public final class Unet2dConditionModel {

  private final UnetConfig config;

  /** The network that a configuration describes. */
  public Unet2dConditionModel(UnetConfig config) {
    this.config = config;
  }

  /**
   * Records one call. Inputs: latents (B, C, H, W), timestep (1), prompt embeddings (R, S, D), all
   * float32; result: the prediction (R, C, H, W) float32. R is B, or a multiple of it where the
   * same latents meet several texts, as guidance asks.
   *
   * @param dtype the type to compute in
   * @param batch latents, B
   * @param rows texts, R
   * @param height the latents' height, an eighth of the image's
   * @param tokens of a text, S: 77
   */
  public Graph record(Dtype dtype, long batch, long rows, long height, long width, long tokens) {
    Graph graph = new Graph("the UNet");
    Tensor sample = graph.input(batch, config.inChannels(), height, width);
    Tensor timestep = graph.input(1);
    Tensor text = graph.input(rows, tokens, config.crossAttentionWidth());
    Scope scope = graph.scope();
    Tensor time = timeEmbedding(scope, timeProjection(timestep).to(dtype));
    Blocks blocks = new Blocks(config, time, text.to(dtype));
    // latent_model_input = torch.cat([latents] * 2)
    Tensor latents = sample.to(dtype).repeated(rows / batch);
    Tensor h = scope.conv2d("conv_in", latents, config.widths().get(0), 3, 1);

    Deque<Tensor> skips = new ArrayDeque<>();
    skips.push(h);
    int levels = config.widths().size();
    for (int level = 0; level < levels; level++) {
      h = blocks.down(scope.sub("down_blocks", level), level, h, skips);
    }
    h = blocks.middle(scope.sub("mid_block"), h);
    for (int block = 0; block < levels; block++) {
      h = blocks.up(scope.sub("up_blocks", block), block, h, skips);
    }

    h = scope.groupNorm("conv_norm_out", h, config.groups(), config.normEpsilon()).silu();
    return graph.returns(scope.conv2d("conv_out", h, config.outChannels(), 3, 1).to(Dtype.FLOAT32));
  }

  /** Sines and cosines of the timestep (arXiv 1706.03762, section 3.5): (1, C) float32. */
  private Tensor timeProjection(Tensor timestep) {
    long half = config.widths().get(0) / 2;
    Tensor frequencies =
        Tensor.arange(timestep, half)
            .times(-Math.log(10000))
            .dividedBy(half - config.frequencyShift())
            .exp();
    Tensor angles = timestep.times(frequencies).reshape(1, half);
    return config.cosineFirst()
        ? Tensor.cat(1, angles.cos(), angles.sin())
        : Tensor.cat(1, angles.sin(), angles.cos());
  }

  /** (1, C) to (1, 4 C). */
  private Tensor timeEmbedding(Scope scope, Tensor projection) {
    long width = 4 * config.widths().get(0);
    Scope embedding = scope.sub("time_embedding");
    return embedding.linear(
        "linear_2", embedding.linear("linear_1", projection, width).silu(), width);
  }
}
