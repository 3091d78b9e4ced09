package io.sparkdiffusion.unet;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

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

  /** Channels of its input: the latents', and of what stands behind them. */
  public long inChannels() {
    return config.inChannels();
  }

  /**
   * Records one call. Inputs: latents (B, C, H, W), timestep (1), prompt embeddings (R, S, D), all
   * float32; result: the prediction (R, C, H, W) float32. R is B, or a multiple of it where the
   * same latents meet several texts, as guidance asks. Where the UNet has classes, the number of
   * one follows the prompt embeddings: (1) int64.
   *
   * @param dtype the type to compute in
   * @param batch latents, B
   * @param rows texts, R
   * @param height the latents' height, an eighth of the image's, of an upscaled one a quarter
   * @param tokens of a text, S: 77
   */
  public Graph record(Dtype dtype, long batch, long rows, long height, long width, long tokens) {
    return record(dtype, new long[] {batch, rows, height, width, tokens}, false);
  }

  /**
   * Records one call under the control of {@link ControlNet}s. A last input is added: the sum of
   * their residuals (R, N) float32.
   */
  public Graph recordControlled(
      Dtype dtype, long batch, long rows, long height, long width, long tokens) {
    return record(dtype, new long[] {batch, rows, height, width, tokens}, true);
  }

  /**
   * With residuals or without.
   *
   * @param sizes batch, rows, height, width, tokens
   */
  private Graph record(Dtype dtype, long[] sizes, boolean isControlled) {
    Graph graph = new Graph("the UNet");
    Tensor sample = graph.input(sizes[0], config.inChannels(), sizes[2], sizes[3]);
    Tensor timestep = graph.input(1);
    Tensor text = graph.input(sizes[1], sizes[4], config.crossAttentionWidth());
    Scope scope = graph.scope();
    Tensor time =
        config.classes() > 0
            ? TimeEmbedding.of(config, scope, timestep, graph.input(1), dtype)
            : TimeEmbedding.of(config, scope, timestep, dtype);
    Blocks blocks = new Blocks(config, time, text.to(dtype));
    // latent_model_input = torch.cat([latents] * 2)
    Tensor latents = sample.to(dtype).repeated(sizes[1] / sizes[0]);
    Tensor h = scope.conv2d("conv_in", latents, config.widths().get(0), 3, 1);

    Deque<Tensor> skips = new ArrayDeque<>();
    skips.push(h);
    int levels = config.widths().size();
    for (int level = 0; level < levels; level++) {
      h = blocks.down(scope.sub("down_blocks", level), level, h, skips);
    }
    h = blocks.middle(scope.sub("mid_block"), h);
    if (isControlled) {
      h = controlled(graph, skips, h, dtype);
    }
    for (int block = 0; block < levels; block++) {
      h = blocks.up(scope.sub("up_blocks", block), block, h, skips);
    }

    h = scope.groupNorm("conv_norm_out", h, config.groups(), config.normEpsilon()).silu();
    return graph.returns(scope.conv2d("conv_out", h, config.outChannels(), 3, 1).to(Dtype.FLOAT32));
  }

  /** The lowest level plus its residual; the skips get theirs in their place. */
  private static Tensor controlled(Graph graph, Deque<Tensor> skips, Tensor lowest, Dtype dtype) {
    List<Tensor> all = new ArrayList<>(List.of(lowest));
    all.addAll(skips);
    Collections.reverse(all);
    Tensor residuals = graph.input(lowest.size(0), ControlResiduals.counted(all));
    List<Tensor> sums = ControlResiduals.added(all, residuals, dtype);
    skips.clear();
    sums.subList(0, sums.size() - 1).forEach(skips::push);
    return sums.get(sums.size() - 1);
  }
}
