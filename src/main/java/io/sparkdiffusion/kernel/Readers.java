package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which nodes of a graph read which. */
final class Readers {

  private final Map<Node, List<Node>> readers = new HashMap<>();
  private final Node result;

  Readers(Graph graph) {
    this.result = graph.result();
    for (Node node : graph.nodes()) {
      node.inputs()
          .forEach(input -> readers.computeIfAbsent(input, any -> new ArrayList<>()).add(node));
    }
  }

  /** Those that read a node, one that reads it twice twice. */
  List<Node> of(Node node) {
    return readers.getOrDefault(node, List.of());
  }

  /** Whether one node alone reads it, which may then compute it too. */
  boolean isReadOnce(Node node) {
    return of(node).size() == 1 && node != result;
  }
}
