package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Operator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** In whose memory each node's result lies, and when that is read last; views are counted. */
final class Memory {

  /** Whose result may be the first input's memory seen otherwise. */
  private static final Set<Operator> VIEWS =
      Set.of(
          Op.RESHAPE,
          Op.PERMUTE,
          Op.TRANSPOSE,
          Op.NARROW,
          Op.UNSQUEEZE,
          Op.TO,
          KernelOp.CHANNELS_LAST);

  private final Map<Node, Node> owners = new HashMap<>();
  private final Map<Node, Node> lastReaders = new HashMap<>();
  private final Node result;

  Memory(Graph graph) {
    this.result = graph.result();
    for (Node node : graph.nodes()) {
      node.inputs().forEach(input -> lastReaders.put(owner(input), node));
      owners.put(node, isView(node) || overwrites(node) ? owner(node.input(0)) : node);
    }
  }

  static boolean isView(Node node) {
    return VIEWS.contains(node.operator());
  }

  static boolean overwrites(Node node) {
    return node.operator() instanceof KernelOp kernel && kernel.overwrites();
  }

  /** The node that made the memory in which a node's result lies. */
  Node owner(Node node) {
    return owners.getOrDefault(node, node);
  }

  /**
   * Whether a reader may write its result where the result of one of its inputs lies: nothing reads
   * that memory later, the reader reads it once, and it is no input and no weight.
   */
  boolean isFree(Node input, Node reader) {
    Node owner = owner(input);
    return lastReaders.get(owner) == reader
        && owner != owner(result)
        && !owner.is(Op.INPUT)
        && !owner.is(Op.WEIGHT)
        && reader.inputs().stream().filter(other -> owner(other) == owner).count() == 1;
  }
}
