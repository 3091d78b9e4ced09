package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Op;
import java.util.HashMap;
import java.util.Map;

/**
 * Convolutions tell cuDNN whether to take only algorithms that give the same bytes each time, and
 * to compute float32 as such: libtorch lets it round to TensorFloat-32, with 10 bits of mantissa,
 * wherever a convolution does not say no.
 *
 * @param deterministic whether the same bytes are asked for
 */
public record CudnnFlags(boolean deterministic) implements Pass {

  /** The attribute that says so. */
  public static final String DETERMINISTIC = "deterministic";

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!node.is(Op.CONV2D)) {
            return made.copy(node);
          }
          Map<String, Object> attributes = new HashMap<>(node.attributes());
          attributes.put(DETERMINISTIC, deterministic);
          return made.add(KernelOp.CUDNN_CONV2D, node.shape(), attributes, made.inputs(node));
        });
  }
}
