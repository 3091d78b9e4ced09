package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What the copies of a batch have in common is computed once. Guidance gives the UNet the same
 * latents for two texts, one half of the batch for each: up to the first attention to a text, that
 * is the first convolution, resnet and self-attention, both halves are equal, so there is one of
 * them, and the copies are made where a text is met.
 */
public final class SharedHalves implements Pass {

  @Override
  public Graph apply(Graph graph) {
    SharedNodes shared = new SharedNodes(graph);
    Map<Node, Node> halves = new HashMap<>();
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (shared.isCopies(node) && shared.contains(node)) {
            halves.put(node, made.now(node.input(0)));
            return node;
          }
          if (shared.contains(node)) {
            Node half = half(made, node, shared, halves);
            halves.put(node, half);
            return shared.isCopiedAtOnce(node) ? copies(made, node, half) : node;
          }
          return withCopies(made, node, shared, halves);
        });
  }

  /** A node over the rows that are not copied. */
  private static Node half(Rewrite made, Node node, SharedNodes shared, Map<Node, Node> halves) {
    Node[] inputs = new Node[node.inputs().size()];
    for (int i = 0; i < inputs.length; i++) {
      Node input = node.input(i);
      inputs[i] = shared.contains(input) ? halves.get(input) : made.now(input);
    }
    long rows = node.shape().size(0) / shared.copies();
    return made.add(node.operator(), node.shape().with(0, rows), node.attributes(), inputs);
  }

  /** A node over all rows, behind the copies that it reads. */
  private static Node withCopies(
      Rewrite made, Node node, SharedNodes shared, Map<Node, Node> halves) {
    Node[] inputs = new Node[node.inputs().size()];
    for (int i = 0; i < inputs.length; i++) {
      Node input = node.input(i);
      inputs[i] =
          shared.contains(input) && !shared.isCopiedAtOnce(input)
              ? copies(made, input, halves.get(input))
              : made.now(input);
    }
    return node.inputs().isEmpty() ? made.copy(node) : made.as(node.operator(), node, inputs);
  }

  private static Node copies(Rewrite made, Node node, Node half) {
    Node[] all = new Node[Math.toIntExact(node.shape().size(0) / half.shape().size(0))];
    Arrays.fill(all, half);
    Shape shape = node.shape();
    return made.add(Op.CAT, shape, Map.of("dimension", 0L), all);
  }
}
