package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;

/** Graphs of the states that a sampler carries on, (S B, C, H, W), the first B the latents. */
final class StateGraphs {

  private StateGraphs() {}

  /**
   * Inputs: states, of which the latents are noise; an image's latents (B, C, H, W) and their
   * factor (1). Result: the states, to the first of which those are added.
   */
  static Graph noisy(BatchShape shape, int states) {
    Graph graph = new Graph("the noised start");
    Tensor all = states(graph, shape, states);
    Tensor signal = latents(graph, shape).times(graph.input(1));
    return graph.returns(withFirst(all, first(all, shape).plus(signal), shape));
  }

  /**
   * What a mask leaves of an image comes back into the latents. Inputs: states; the image's latents
   * and noise (B, C, H, W each), a mask (B, 1, H, W), the image's factor and the noise's (2).
   * Result: the states, the first of which are (1 - mask) (signal image + level noise) + mask
   * latents.
   */
  static Graph blended(BatchShape shape, int states) {
    Graph graph = new Graph("the blended latents");
    Tensor all = states(graph, shape, states);
    Tensor image = latents(graph, shape);
    Tensor noise = latents(graph, shape);
    Tensor mask = graph.input(shape.batch(), 1, shape.height(), shape.width());
    Tensor level = graph.input(2);
    Tensor kept = image.times(level.narrow(0, 0, 1)).plus(noise.times(level.narrow(0, 1, 1)));
    Tensor latents = kept.times(mask.times(-1).plus(1)).plus(first(all, shape).times(mask));
    return graph.returns(withFirst(all, latents, shape));
  }

  /**
   * What the UNet sees. Inputs: latents (B, C, H, W), their factor (1) and, where there are any,
   * channels beside them (B, more, H, W).
   */
  static Graph input(BatchShape shape, long beside) {
    Graph graph = new Graph("the UNet's input");
    Tensor latents = latents(graph, shape).times(graph.input(1));
    return graph.returns(
        beside == 0
            ? latents
            : Tensor.cat(
                1, latents, graph.input(shape.batch(), beside, shape.height(), shape.width())));
  }

  private static Tensor states(Graph graph, BatchShape shape, int states) {
    return graph.input(states * shape.batch(), shape.channels(), shape.height(), shape.width());
  }

  private static Tensor latents(Graph graph, BatchShape shape) {
    return graph.input(shape.batch(), shape.channels(), shape.height(), shape.width());
  }

  private static Tensor first(Tensor states, BatchShape shape) {
    return isAll(states, shape) ? states : states.narrow(0, 0, shape.batch());
  }

  private static Tensor withFirst(Tensor states, Tensor first, BatchShape shape) {
    long batch = shape.batch();
    return isAll(states, shape)
        ? first
        : Tensor.cat(0, first, states.narrow(0, batch, states.size(0) - batch));
  }

  private static boolean isAll(Tensor states, BatchShape shape) {
    return states.size(0) == shape.batch();
  }
}
