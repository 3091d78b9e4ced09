package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Operator;
import io.sparkdiffusion.graph.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rows of a text are filled with zeros up to a multiple of sixteen, which matrix tiles take at
 * a time, from the first layer norm to the last: where every attention is causal no row sees those
 * behind it, and all else computes each row for itself.
 */
public final class RowsOfSixteen implements Pass {

  private static final int TILE_ROWS = 16;

  /** What computes each row for itself, wherever it lies in memory. */
  private static final Set<Operator> BY_ROWS =
      Set.of(
          Op.LINEAR,
          Op.LAYER_NORM,
          Op.ADD,
          Op.MUL,
          Op.GELU,
          Op.SIGMOID,
          Op.RESHAPE,
          Op.TRANSPOSE,
          KernelOp.LINEAR_PLUS);

  @Override
  public Graph apply(Graph graph) {
    List<Node> norms = graph.nodes().stream().filter(node -> node.is(Op.LAYER_NORM)).toList();
    if (norms.size() < 2 || graph.nodes().stream().noneMatch(Attention::isCausal)) {
      return graph;
    }
    Node first = norms.get(0).input(0);
    Node last = norms.get(norms.size() - 1).input(0);
    Map<Node, Integer> rows = rows(graph, first, last);
    long lacking = lacking(first.shape().size(1));
    if (lacking == 0 || !rows.containsKey(last)) {
      return graph;
    }
    Map<Node, Node> filled = new HashMap<>();
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (node == first) {
            filled.put(node, padded(made, made.copy(node), 1, lacking, 0));
            return node;
          }
          if (!rows.containsKey(node)) {
            return made.copy(node);
          }
          Node longer = longer(made, node, rows.get(node), lacking, filled);
          filled.put(node, longer);
          return node == last ? shortened(made, longer, node) : node;
        });
  }

  /** The nodes between two, with the dimension in which each has the rows. */
  private static Map<Node, Integer> rows(Graph graph, Node first, Node last) {
    Map<Node, Integer> rows = new HashMap<>(Map.of(first, 1));
    boolean ended = false;
    for (Node node : graph.nodes()) {
      if (!ended && node.inputs().stream().anyMatch(rows::containsKey)) {
        if (!BY_ROWS.contains(node.operator()) && !Attention.isCausal(node)) {
          return Map.of();
        }
        int of = rows.get(node.inputs().stream().filter(rows::containsKey).findFirst().get());
        rows.put(node, node.is(Op.TRANSPOSE) ? 3 - of : of);
      }
      ended = ended || node == last;
    }
    return rows;
  }

  private static Node longer(
      Rewrite made, Node node, int dimension, long lacking, Map<Node, Node> filled) {
    Node[] inputs =
        node.inputs().stream()
            .map(input -> filled.containsKey(input) ? filled.get(input) : made.now(input))
            .toArray(Node[]::new);
    Shape shape = node.shape().with(dimension, node.shape().size(dimension) + lacking);
    return made.add(node.operator(), shape, node.attributes(), inputs);
  }

  private static Node shortened(Rewrite made, Node longer, Node node) {
    return made.add(Op.NARROW, node.shape(), Map.of("dimension", 1L, "start", 0L), longer);
  }

  /** How many rows are missing to a multiple of sixteen. */
  static long lacking(long rows) {
    return -rows & (TILE_ROWS - 1);
  }

  /** So many more elements at the end of one dimension, all of one value. */
  static Node padded(Rewrite made, Node node, int dimension, long count, double value) {
    return made.add(
        Op.PAD,
        node.shape().with(dimension, node.shape().size(dimension) + count),
        Map.of("value", value),
        node);
  }
}
