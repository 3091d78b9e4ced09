package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.Map;

/**
 * A linear layer adds the residual itself: one pass over memory less, and its result is rounded
 * once and not twice, by which bfloat16 comes nearer to float32.
 */
public final class ResidualIntoLinear implements Pass {

  @Override
  public Graph apply(Graph graph) {
    Readers readers = new Readers(graph);
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!isResidual(node) || !readers.isReadOnce(node.input(0))) {
            return made.copy(node);
          }
          Node layer = node.input(0);
          return made.add(
              KernelOp.LINEAR_PLUS,
              node.shape(),
              Map.of(),
              made.now(layer.input(0)),
              made.now(layer.input(1)),
              made.now(layer.input(2)),
              made.now(node.input(1)));
        });
  }

  /** A layer with bias, whose weight may be laid out, plus a tensor of the result's shape. */
  private static boolean isResidual(Node node) {
    if (!node.is(Op.ADD) || node.inputs().size() != 2) {
      return false;
    }
    Node layer = node.input(0);
    return layer.is(Op.LINEAR)
        && layer.inputs().size() == 3
        && layer.input(1).is(Op.WEIGHT)
        && !layer.has(HalvedRows.AS_STORED)
        && node.input(1).shape().equals(node.shape());
  }
}
