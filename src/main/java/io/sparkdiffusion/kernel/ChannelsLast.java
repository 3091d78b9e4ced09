package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.Map;

/**
 * Images lie in memory with their channels last (NHWC), where convolutions are fast and a pixel's
 * channels are a token's: what is converted for a convolution is laid out so, and all that comes
 * after it keeps the layout.
 */
public final class ChannelsLast implements Pass {

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!node.is(Op.CONV2D) || !node.input(0).is(Op.TO)) {
            return made.copy(node);
          }
          Node[] inputs = made.inputs(node);
          inputs[0] = made.add(KernelOp.CHANNELS_LAST, inputs[0].shape(), Map.of(), inputs[0]);
          return made.as(Op.CONV2D, node, inputs);
        });
  }
}
