package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.HashMap;
import java.util.Map;

/**
 * The few rows of a text, 77, go through wide linear layers in two halves: oneDNN gives one of two
 * threads 64 of 77 rows. And a deep layer of few rows gains nothing by a weight that is laid out
 * for it, so that weight is kept as it is stored. A text is what attends to itself causally.
 */
public final class HalvedRows implements Pass {

  /** The attribute of a layer whose weight is kept as it is stored. */
  static final String AS_STORED = "as stored";

  @Override
  public Graph apply(Graph graph) {
    if (graph.nodes().stream().noneMatch(Attention::isCausal)) {
      return graph;
    }
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!node.is(Op.LINEAR) || node.shape().rank() != 3 || !node.input(1).is(Op.WEIGHT)) {
            return made.copy(node);
          }
          long inputs = node.input(0).shape().size(2);
          long outputs = node.shape().size(2);
          if (outputs > inputs) {
            return inHalves(made, node);
          }
          return outputs < inputs ? asStored(made, node) : made.copy(node);
        });
  }

  private static Node inHalves(Rewrite made, Node node) {
    long rows = node.shape().size(1);
    Node first = part(made, node, 0, rows / 2);
    Node second = part(made, node, rows / 2, rows - rows / 2);
    return made.add(Op.CAT, node.shape(), Map.of("dimension", 1L), first, second);
  }

  private static Node part(Rewrite made, Node node, long start, long rows) {
    Node[] inputs = made.inputs(node);
    inputs[0] =
        made.add(
            Op.NARROW,
            node.input(0).shape().with(1, rows),
            Map.of("dimension", 1L, "start", start),
            inputs[0]);
    for (int i = 1; i < inputs.length; i++) {
      inputs[i] = made.as(Op.WEIGHT, node.input(i)); // each half reads it for itself
    }
    return made.add(Op.LINEAR, node.shape().with(1, rows), node.attributes(), inputs);
  }

  private static Node asStored(Rewrite made, Node node) {
    Map<String, Object> attributes = new HashMap<>(node.attributes());
    attributes.put(AS_STORED, true);
    return made.add(Op.LINEAR, node.shape(), attributes, made.inputs(node));
  }
}
