package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.Map;

/**
 * A 3x3 convolution adds itself to the residual, in the residual's memory, where nothing reads that
 * again: a resnet's last convolution goes into its shortcut, one pass over memory and one rounding
 * less. Not in place oneDNN is slower than a sum afterwards, so a skip, which is read again, is
 * added so. A view is left alone too, whose memory may be laid out otherwise.
 */
public final class ResidualIntoConvolution implements Pass {

  @Override
  public Graph apply(Graph graph) {
    Readers readers = new Readers(graph);
    Memory memory = new Memory(graph);
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!isResidual(node)
              || !readers.isReadOnce(node.input(0))
              || !memory.isFree(node.input(1), node)) {
            return made.copy(node);
          }
          Node convolution = node.input(0);
          return made.add(
              KernelOp.CONV2D_INTO,
              node.shape(),
              Map.of("padding", convolution.integer("padding")),
              made.inputs(convolution, made.now(node.input(1))));
        });
  }

  private static boolean isResidual(Node node) {
    if (!node.is(Op.ADD) || node.inputs().size() != 2 || !node.input(0).is(Op.CONV2D)) {
      return false;
    }
    Node convolution = node.input(0);
    Node sum = node.input(1);
    return convolution.input(1).is(Op.WEIGHT)
        && convolution.integer("stride") == 1
        && convolution.input(1).shape().size(2) == 3
        && sum.shape().equals(node.shape())
        && !Memory.isView(sum);
  }
}
