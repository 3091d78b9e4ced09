package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Operator;
import io.sparkdiffusion.graph.Shape;
import java.util.Map;

/**
 * Weights of linear layers and convolutions are laid out for oneDNN once, when they are loaded, for
 * the input that they meet here. Other inputs give the same bytes and lay a weight out anew where
 * they want another layout.
 */
public final class Prepack implements Pass {

  private static final Map<Operator, KernelOp> PACKED =
      Map.of(
          Op.LINEAR, KernelOp.PACKED_LINEAR,
          KernelOp.LINEAR_PLUS, KernelOp.LINEAR_PLUS,
          Op.CONV2D, KernelOp.PACKED_CONV2D,
          KernelOp.CONV2D_INTO, KernelOp.CONV2D_INTO);

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          int at = node.is(KernelOp.CONV2D_INTO) ? 1 : 0;
          if (!PACKED.containsKey(node.operator())
              || node.has(HalvedRows.AS_STORED)
              || !node.input(at + 1).is(Op.WEIGHT)) {
            return made.copy(node);
          }
          Node[] inputs = made.inputs(node);
          inputs[at + 1] =
              Packing.packed(
                  made, node.input(at + 1), packing(node, at), node.input(at + 1).shape());
          return made.as(PACKED.get(node.operator()), node, inputs);
        });
  }

  private static Packing packing(Node node, int at) {
    Shape x = node.input(at).shape();
    if (!node.has("padding")) {
      return new Packing.Linear(x.count() / x.size(-1));
    }
    int stride = node.has("stride") ? (int) node.integer("stride") : 1;
    return new Packing.Convolution(x, stride, (int) node.integer("padding"));
  }
}
