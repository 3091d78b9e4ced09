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
 * A copy of a UNet's way down that looks at a conditioning image, such as its edges, and says what
 * to add to the UNet's skips (arXiv 2302.05543; diffusers, ControlNetModel).
 */
public final class ControlNet {

  private final ControlNetConfig config;

  /** The network that a configuration describes. */
  public ControlNet(ControlNetConfig config) {
    this.config = config;
  }

  /**
   * Records one call. Inputs: latents (B, C, H, W), timestep (1), prompt embeddings (R, S, D) as
   * the UNet gets them, conditioning images (B, 3, 8 H, 8 W) from 0 to 1, and a scale for each
   * image (B, 1), all float32; result: residuals (R, N) float32 for {@link
   * Unet2dConditionModel#recordControlled}, times the scale.
   *
   * @param dtype the type to compute in
   * @param batch latents, B
   * @param rows texts, R
   */
  public Graph record(Dtype dtype, long batch, long rows, long height, long width, long tokens) {
    Graph graph = new Graph("a ControlNet");
    UnetConfig unet = config.unet();
    Tensor sample = graph.input(batch, unet.inChannels(), height, width);
    Tensor timestep = graph.input(1);
    Tensor text = graph.input(rows, tokens, unet.crossAttentionWidth());
    long pixels = config.compression();
    Tensor image = graph.input(batch, ControlNetConfig.CHANNELS, pixels * height, pixels * width);
    Tensor scale = graph.input(batch, 1);
    long copies = rows / batch;

    Scope scope = graph.scope();
    Tensor time = TimeEmbedding.of(unet, scope, timestep, dtype);
    Blocks blocks = new Blocks(unet, time, text.to(dtype));
    Tensor latents = sample.to(dtype).repeated(copies);
    Tensor h = scope.conv2d("conv_in", latents, unet.widths().get(0), 3, 1);
    Tensor condition = condition(scope.sub("controlnet_cond_embedding"), image.to(dtype));
    h = h.plus(condition.repeated(copies));
    Tensor residuals = ControlResiduals.joined(residuals(scope, blocks, h));
    return graph.returns(residuals.times(scale.repeated(copies)));
  }

  /** Conditioning images (B, 3, 8 H, 8 W) to (B, C, H, W). */
  private Tensor condition(Scope scope, Tensor image) {
    List<Long> widths = config.conditioningWidths();
    Tensor h = scope.conv2d("conv_in", image, widths.get(0), 3, 1).silu();
    for (int level = 0; level < widths.size() - 1; level++) {
      h = scope.sub("blocks").conv2d(2 * level + "", h, widths.get(level), 3, 1).silu();
      h = scope.sub("blocks").conv2d(2 * level + 1 + "", h, widths.get(level + 1), 3, 2).silu();
    }
    return scope.conv2d("conv_out", h, config.unet().widths().get(0), 3, 1);
  }

  /** Each skip, the first one first, then the lowest level, through its zero convolution. */
  private List<Tensor> residuals(Scope scope, Blocks blocks, Tensor x) {
    Deque<Tensor> skips = new ArrayDeque<>(List.of(x));
    Tensor h = x;
    for (int level = 0; level < config.unet().widths().size(); level++) {
      h = blocks.down(scope.sub("down_blocks", level), level, h, skips);
    }
    h = blocks.middle(scope.sub("mid_block"), h);
    List<Tensor> all = new ArrayList<>(skips);
    Collections.reverse(all);
    List<Tensor> residuals = new ArrayList<>();
    for (Tensor skip : all) {
      String name = Integer.toString(residuals.size());
      residuals.add(scope.sub("controlnet_down_blocks").conv2d(name, skip, skip.size(1), 1, 1));
    }
    residuals.add(scope.conv2d("controlnet_mid_block", h, h.size(1), 1, 1));
    return residuals;
  }
}
