package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Map;

/**
 * The keys of an attention are filled up to a multiple of sixteen, which matrix tiles take at a
 * time: a text has 77. The scores of those that are added get -1e30, so their weights are exactly
 * 0.
 */
public final class KeysOfSixteen implements Pass {

  /** Added to a score: its weight is then exactly 0. */
  private static final double UNSEEN = -1e30;

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!node.is(Op.ATTENTION) || Attention.isCausal(node)) {
            return made.copy(node);
          }
          long keys = node.input(1).shape().size(2);
          long lacking = RowsOfSixteen.lacking(keys);
          return lacking == 0 ? made.copy(node) : filled(made, node, keys, lacking);
        });
  }

  private static Node filled(Rewrite made, Node node, long keys, long lacking) {
    Node query = made.now(node.input(0));
    Node none = made.add(KernelOp.ZEROS, Shape.of(1, 1, 1, keys), Map.of(), query);
    Node key = RowsOfSixteen.padded(made, made.now(node.input(1)), 2, lacking, 0);
    Node value = RowsOfSixteen.padded(made, made.now(node.input(2)), 2, lacking, 0);
    Node mask = RowsOfSixteen.padded(made, none, 3, lacking, UNSEEN);
    return made.add(KernelOp.MASKED_ATTENTION, node.shape(), Map.of(), query, key, value, mask);
  }
}
