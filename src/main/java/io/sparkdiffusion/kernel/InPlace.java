package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Operator;
import java.util.Map;
import java.util.Set;

/**
 * What is read for the last time is overwritten: activations behind a norm or a linear layer, sums
 * with a residual behind a linear layer or a convolution, and GEGLU's product. The same numbers,
 * one large tensor less at a time. Views count as readers of the memory that they show.
 */
public final class InPlace implements Pass {

  /** Which operators take their result's place in what another has made. */
  private static final Map<Operator, Set<Operator>> OVER =
      Map.of(
          Op.SILU, Set.of(Op.GROUP_NORM),
          Op.GELU, Set.of(Op.LINEAR, Op.CAT),
          Op.ADD, Set.of(Op.LINEAR, Op.CONV2D),
          Op.MUL, Set.of(Op.GELU));

  private static final Map<Operator, KernelOp> INTO =
      Map.of(
          Op.SILU, KernelOp.SILU_INTO,
          Op.GELU, KernelOp.GELU_INTO,
          Op.ADD, KernelOp.ADD_INTO,
          Op.MUL, KernelOp.MUL_INTO);

  @Override
  public Graph apply(Graph graph) {
    Memory memory = new Memory(graph);
    return Rewrite.of(
        graph,
        (made, node) ->
            overwrites(node, memory)
                ? made.as(INTO.get(node.operator()), node, made.inputs(node))
                : made.copy(node));
  }

  private static boolean overwrites(Node node, Memory memory) {
    if (!OVER.containsKey(node.operator()) || node.has("number")) {
      return false;
    }
    Node first = node.input(0);
    Node maker = node.is(Op.ADD) ? memory.owner(first) : first;
    return OVER.get(node.operator()).contains(maker.operator())
        && first.shape().equals(node.shape())
        && memory.isFree(first, node);
  }
}
