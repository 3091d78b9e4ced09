package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * How much memory a graph's results take at a time, each from where it is computed to where it is
 * read last: from the shapes alone, so that it is known for every model and size without a device.
 * Weights are not counted. A group norm and a convolution are given room for one more copy of what
 * they read, since on a GPU the one computes with channels first and the other with channels last.
 */
public final class LiveMemory {

  private static final Set<?> COPIES_INPUT =
      Set.of(Op.GROUP_NORM, Op.CONV2D, KernelOp.CUDNN_CONV2D);

  private final Dtype dtype;
  private final Map<Node, Dtype> types = new HashMap<>();
  private final Map<Node, Node> owners = new HashMap<>();
  private final Map<Node, Node> lastReaders = new HashMap<>();

  private LiveMemory(Graph graph, Dtype dtype) {
    this.dtype = dtype;
    for (Node node : graph.nodes()) {
      types.put(node, type(node));
      node.inputs().forEach(input -> lastReaders.put(owner(input), node));
      owners.put(node, isInPlace(node) ? owner(node.input(0)) : node);
    }
    lastReaders.remove(owner(graph.result()));
  }

  /**
   * The most bytes that live at a time.
   *
   * @param dtype the type that the network computes in; its inputs are float32
   */
  public static long peakBytes(Graph graph, Dtype dtype) {
    return new LiveMemory(graph, dtype).peak(graph.nodes());
  }

  private long peak(List<Node> nodes) {
    long now = 0;
    long peak = 0;
    for (Node node : nodes) {
      now += owner(node) == node ? bytes(node) : 0;
      long copy = COPIES_INPUT.contains(node.operator()) ? bytes(node.input(0)) : 0;
      peak = Math.max(peak, now + copy);
      now -= ended(node);
    }
    return peak;
  }

  private Node owner(Node node) {
    return Objects.requireNonNull(owners.get(node), node::toString);
  }

  /** Views lie in their input's memory; a conversion to the type that is there already is one. */
  private boolean isInPlace(Node node) {
    boolean isConverted = node.is(Op.TO) && types.get(node.input(0)) != types.get(node);
    return (Memory.isView(node) && !isConverted) || Memory.overwrites(node);
  }

  private Dtype type(Node node) {
    if (node.is(Op.INPUT) || node.is(Op.ARANGE)) {
      return Dtype.FLOAT32;
    }
    if (node.is(Op.TO)) {
      return node.attribute("dtype", Dtype.class);
    }
    return node.inputs().isEmpty() ? dtype : types.get(node.input(0));
  }

  private static boolean isWeight(Node node) {
    return node.is(Op.WEIGHT) || node.is(KernelOp.PACKED_WEIGHT) || node.is(KernelOp.WEIGHT_PART);
  }

  private long bytes(Node node) {
    return isWeight(node) ? 0 : node.shape().count() * types.get(node).bytes();
  }

  /** The bytes of what this node has read last. */
  private long ended(Node reader) {
    return reader.inputs().stream()
        .map(this::owner)
        .distinct()
        .filter(owner -> lastReaders.get(owner) == reader)
        .mapToLong(this::bytes)
        .sum();
  }
}
