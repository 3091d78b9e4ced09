package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Op;
import java.util.HashMap;
import java.util.Map;

/**
 * Attention goes to one of a GPU's kernels by name, where that can take its heads: libtorch's own
 * choice depends on its version, the GPU and the shapes. What the kernel refuses fails, and is not
 * given to another.
 *
 * @param kernel whose operator is called
 */
public record AttentionBy(CudaKernels.AttentionKernel kernel) implements Pass {

  /** The attribute that names it. */
  public static final String KERNEL = "kernel";

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!node.is(Op.ATTENTION) || !kernel.takes(node.input(0).shape().size(3))) {
            return made.copy(node);
          }
          Map<String, Object> attributes = new HashMap<>(node.attributes());
          attributes.put(KERNEL, kernel);
          return made.add(KernelOp.CUDA_ATTENTION, node.shape(), attributes, made.inputs(node));
        });
  }
}
