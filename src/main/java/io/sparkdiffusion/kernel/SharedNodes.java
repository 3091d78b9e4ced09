package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Operator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which nodes of a graph compute the same for each copy of a batch. */
final class SharedNodes {

  /** What computes each row for itself, from the rows of its first input alone. */
  private static final Set<Operator> OF_ONE =
      Set.of(
          Op.SILU,
          Op.GELU,
          Op.SIGMOID,
          Op.EXP,
          Op.SIN,
          Op.COS,
          Op.TO,
          Op.STD,
          Op.RESHAPE,
          Op.PERMUTE,
          Op.TRANSPOSE,
          Op.NARROW,
          Op.UNSQUEEZE,
          Op.UPSAMPLE_NEAREST,
          Op.LINEAR,
          Op.CONV2D,
          Op.GROUP_NORM,
          Op.LAYER_NORM);

  /** The same from the rows of all inputs. */
  private static final Set<Operator> OF_ALL =
      Set.of(Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.CAT, Op.ATTENTION);

  private final Graph graph;
  private final Readers readers;
  private final List<Node> backwards;
  private final Set<Node> shared = new HashSet<>();
  private final Set<Node> copiedAtOnce = new HashSet<>();
  private long copies = 1;

  SharedNodes(Graph graph) {
    this.graph = graph;
    this.readers = new Readers(graph);
    this.backwards = new ArrayList<>(graph.nodes());
    Collections.reverse(backwards);
    find();
    leaveViewsToTheirReaders();
    copiedAtOnce.addAll(cheapToCopyAtOnce());
    shared.clear();
    find();
    leaveViewsToTheirReaders();
    copiedAtOnce.retainAll(shared);
  }

  boolean contains(Node node) {
    return shared.contains(node);
  }

  /** Whether a node only makes the copies. */
  boolean isCopies(Node node) {
    return node.is(Op.CAT)
        && node.integer("dimension") == 0
        && node.inputs().size() > 1
        && new HashSet<>(node.inputs()).size() == 1;
  }

  /** How many copies there are of each row. */
  long copies() {
    return copies;
  }

  /**
   * Whether a node's copies are made behind it, for all that read them; else each reader that needs
   * them makes its own.
   */
  boolean isCopiedAtOnce(Node node) {
    return copiedAtOnce.contains(node);
  }

  private void find() {
    for (Node node : graph.nodes()) {
      if (node == graph.result()) {
        return;
      }
      if (isCopies(node)) {
        addCopies(node);
      } else if (isOfEachRow(node) && !node.inputs().isEmpty() && readsSharedRows(node)) {
        shared.add(node);
      }
    }
  }

  /** All that is shared has the same number of copies, of what is no copy itself. */
  private void addCopies(Node node) {
    if ((shared.isEmpty() || node.inputs().size() == copies) && !shared.contains(node.input(0))) {
      copies = node.inputs().size();
      shared.add(node);
    }
  }

  private boolean readsSharedRows(Node node) {
    if (OF_ONE.contains(node.operator())) {
      return isShared(node.input(0));
    }
    return OF_ALL.contains(node.operator())
        && node.inputs().stream().anyMatch(this::isShared)
        && node.inputs().stream().allMatch(input -> isShared(input) || isForAllRows(node, input));
  }

  private boolean isShared(Node node) {
    return shared.contains(node) && !copiedAtOnce.contains(node);
  }

  /** An operand that is broadcast over the rows. */
  private static boolean isForAllRows(Node node, Node input) {
    return !node.is(Op.CAT)
        && !node.is(Op.ATTENTION)
        && (input.shape().rank() < node.shape().rank() || input.shape().size(0) == 1);
  }

  /** Whether the first dimension stays the batch's. */
  private static boolean isOfEachRow(Node node) {
    if (node.inputs().isEmpty() || node.shape().rank() == 0) {
      return false;
    }
    int rank = node.shape().rank();
    if (node.is(Op.RESHAPE)) {
      return node.shape().size(0) == node.input(0).shape().size(0);
    }
    if (node.is(Op.PERMUTE)) {
      return node.attribute("order", List.class).get(0).equals(0L);
    }
    if (node.is(Op.TRANSPOSE)) {
      return Math.floorMod(node.integer("first"), rank) != 0
          && Math.floorMod(node.integer("second"), rank) != 0;
    }
    if (node.is(Op.NARROW) || node.is(Op.UNSQUEEZE) || node.is(Op.CAT)) {
      return Math.floorMod(node.integer("dimension"), rank) != 0;
    }
    boolean isOverLastDimension = node.is(Op.LAYER_NORM) || node.is(Op.LINEAR);
    return !isOverLastDimension || rank > 1;
  }

  /** A view costs nothing: where all its readers need copies, it is one of the copies. */
  private void leaveViewsToTheirReaders() {
    for (Node node : backwards) {
      if (Memory.isView(node) && readers.of(node).stream().noneMatch(shared::contains)) {
        shared.remove(node);
      }
    }
  }

  /**
   * Those that a reader needs copies of, while no other one leads to a convolution or an attention
   * that is shared: a norm or a projection is not worth second copies.
   */
  private Set<Node> cheapToCopyAtOnce() {
    Set<Node> cheap = new HashSet<>();
    Set<Node> leadsToWork = new HashSet<>();
    for (Node node : backwards) {
      List<Node> sharing = readers.of(node).stream().filter(shared::contains).toList();
      if (sharing.stream().anyMatch(reader -> isWork(reader) || leadsToWork.contains(reader))) {
        leadsToWork.add(node);
      } else if (shared.contains(node)
          && !isCopies(node)
          && sharing.size() < readers.of(node).size()) {
        cheap.add(node);
      }
    }
    return cheap;
  }

  private static boolean isWork(Node node) {
    return node.is(Op.CONV2D) || node.is(Op.ATTENTION);
  }
}
