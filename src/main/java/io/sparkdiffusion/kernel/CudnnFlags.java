package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Op;

/**
 * Convolutions tell cuDNN to take algorithms that give the same bytes each time, and to compute
 * float32 as such: libtorch lets it round to TensorFloat-32, with 10 bits of mantissa, wherever a
 * convolution does not say no.
 */
public final class CudnnFlags implements Pass {

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) ->
            node.is(Op.CONV2D)
                ? made.as(KernelOp.CUDNN_CONV2D, node, made.inputs(node))
                : made.copy(node));
  }
}
