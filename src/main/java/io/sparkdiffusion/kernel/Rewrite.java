package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Operator;
import io.sparkdiffusion.graph.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** A graph that is made anew from another, node by node in order. */
final class Rewrite {

  private final List<Node> nodes = new ArrayList<>();
  private final Map<Node, Node> made;

  /** What takes a node's place. */
  interface Rule {

    /**
     * Appends what the new graph has at the place of a node.
     *
     * @return whose result stands for the node's; {@link Rewrite#copy} where nothing changes
     */
    Node replace(Rewrite rewrite, Node node);
  }

  private Rewrite(Graph graph) {
    this.made = new HashMap<>(2 * graph.nodes().size());
  }

  /**
   * The graph with each node replaced; nodes that are no longer needed are left out. It is the same
   * one where nothing changes.
   */
  static Graph of(Graph graph, Rule rule) {
    Rewrite rewrite = new Rewrite(graph);
    for (Node node : graph.nodes()) {
      rewrite.made.put(node, rule.replace(rewrite, node));
    }
    return rewrite.nodes.equals(graph.nodes())
        ? graph
        : graph.with(rewrite.nodes, rewrite.now(graph.result()));
  }

  /** What stands for a node of the old graph. */
  Node now(Node old) {
    return Objects.requireNonNull(made.get(old), old::toString);
  }

  /** The same operation on what its inputs have become. */
  Node copy(Node old) {
    List<Node> inputs = old.inputs().stream().map(this::now).toList();
    return append(
        inputs.equals(old.inputs())
            ? old
            : new Node(old.operator(), old.shape(), old.attributes(), inputs));
  }

  /** Another operation. */
  Node add(Operator operator, Shape shape, Map<String, Object> attributes, Node... inputs) {
    return append(new Node(operator, shape, attributes, List.of(inputs)));
  }

  /** Another operation, with the attributes and the shape of an old one. */
  Node as(Operator operator, Node old, Node... inputs) {
    return add(operator, old.shape(), old.attributes(), inputs);
  }

  /** An old node's inputs, as they are now, with others in front. */
  Node[] inputs(Node old, Node... first) {
    return Stream.concat(Stream.of(first), old.inputs().stream().map(this::now))
        .toArray(Node[]::new);
  }

  private Node append(Node node) {
    nodes.add(node);
    return node;
  }
}
