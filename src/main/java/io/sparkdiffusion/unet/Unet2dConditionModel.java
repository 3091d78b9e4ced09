package io.sparkdiffusion.unet;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Target;
import io.sparkdiffusion.graph.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The UNet of Stable Diffusion (arXiv 2112.10752; diffusers, UNet2DConditionModel): it predicts the
 * noise, or v, in latents at a timestep, given text states.
 */
public final class Unet2dConditionModel {

  private final UnetConfig config;

  /** The network that a configuration describes. */
  public Unet2dConditionModel(UnetConfig config) {
    this.config = config;
  }

  /**
   * Records one call. Inputs: latents (B, C, H, W), timestep (1), text states (R, S, D), all
   * float32; result: the prediction (R, C, H, W) float32. R is B, or a multiple of it where the
   * same latents meet several texts, as guidance asks: then all before the first text is computed
   * once.
   *
   * @param target the type to compute in and the kernels
   * @param batch latents, B
   * @param rows texts, R
   * @param height the latents' height, an eighth of the picture's
   * @param states the number of text states, 77
   */
  public Graph record(Target target, long batch, long rows, long height, long width, long states) {
    Graph graph = new Graph("the UNet", target);
    Tensor sample = graph.input(batch, config.inChannels(), height, width);
    Tensor timestep = graph.input(1);
    Tensor text = graph.input(rows, states, config.crossAttentionWidth());
    Scope scope = graph.scope();
    Tensor time = timeEmbedding(scope, timeProjection(graph, timestep).to(target.dtype()));
    Blocks blocks = new Blocks(config, time, text.to(target.dtype()));
    Tensor h =
        scope.conv2d(
            "conv_in", sample.to(target.dtype()).channelsLast(), config.widths().get(0), 3, 1);

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

    h = scope.groupNorm("conv_norm_out", h, config.groups(), config.normEpsilon()).siluInPlace();
    return graph.returns(scope.conv2d("conv_out", h, config.outChannels(), 3, 1).to(Dtype.FLOAT32));
  }

  /** Sines and cosines of the timestep (arXiv 1706.03762, section 3.5): (1, C) float32. */
  private Tensor timeProjection(Graph graph, Tensor timestep) {
    long half = config.widths().get(0) / 2;
    Tensor frequencies =
        Tensor.arange(graph, timestep, half)
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
