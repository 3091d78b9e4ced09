package io.sparkdiffusion.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One forward pass as nodes in the order in which they are computed, and the weights that it asks
 * for. All shapes are known, so that one graph serves one batch and image size; the weights are
 * shared between graphs. It knows of no device and of no library.
 */
public final class Graph {

  private final String name;
  private final List<Shape> inputs;
  private final Map<String, Shape> weights;
  private final List<Node> nodes;
  private Optional<Node> result;

  /**
   * An empty graph.
   *
   * @param name what is recorded, for messages
   */
  public Graph(String name) {
    this(name, new ArrayList<>(), new LinkedHashMap<>(), new ArrayList<>(), Optional.empty());
  }

  private Graph(
      String name,
      List<Shape> inputs,
      Map<String, Shape> weights,
      List<Node> nodes,
      Optional<Node> result) {
    this.name = name;
    this.inputs = inputs;
    this.weights = weights;
    this.nodes = nodes;
    this.result = result;
  }

  /** Declares the next input. */
  public Tensor input(long... sizes) {
    Shape shape = Shape.of(sizes);
    Map<String, Object> index = Map.of("index", (long) inputs.size());
    inputs.add(shape);
    return record(new Node(Op.INPUT, shape, index, List.of()));
  }

  /**
   * A weight by its name in the model files.
   *
   * @throws GraphException where the same name was asked for with another shape
   */
  Tensor weight(String weightName, Shape shape) {
    Shape known = weights.putIfAbsent(weightName, shape);
    if (known != null && !known.equals(shape)) {
      throw GraphException.cannot(
          "weight " + weightName, "its shape must be the same everywhere", known, shape);
    }
    return record(new Node(Op.WEIGHT, shape, Map.of("name", weightName), List.of()));
  }

  /** The root of the weights' names. */
  public Scope scope() {
    return new Scope(this, "");
  }

  /** Appends one operation. */
  Tensor record(Node node) {
    nodes.add(node);
    return new Tensor(this, node);
  }

  /** Says what the pass gives. */
  public Graph returns(Tensor tensor) {
    result = Optional.of(tensor.node());
    return this;
  }

  /**
   * The same pass computed by other nodes.
   *
   * @param computed in order, each behind what it computes from; those that the result does not
   *     need are left out
   * @param given the new result
   */
  public Graph with(List<Node> computed, Node given) {
    Set<Node> needed = new HashSet<>(2 * computed.size());
    needed.add(given);
    List<Node> kept = new ArrayList<>();
    for (int i = computed.size() - 1; i >= 0; i--) {
      if (needed.contains(computed.get(i))) {
        kept.add(computed.get(i));
        needed.addAll(computed.get(i).inputs());
      }
    }
    Collections.reverse(kept);
    return new Graph(name, inputs, weights, kept, Optional.of(given));
  }

  /** What is recorded. */
  public String name() {
    return name;
  }

  /** The shapes of the inputs, in the order in which they were declared. */
  public List<Shape> inputs() {
    return List.copyOf(inputs);
  }

  /** The weights asked for, in the order of their first use, whatever they are made into. */
  public Map<String, Shape> weights() {
    return Collections.unmodifiableMap(weights);
  }

  /** All operations, in the order in which they are computed. */
  public List<Node> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  /**
   * The operation whose result is the pass's.
   *
   * @throws GraphException where none was named
   */
  public Node result() {
    return result.orElseThrow(
        () ->
            new GraphException(
                "Cannot compile %s: it must return a tensor (none)".formatted(name)));
  }

  /** The shape of the result. */
  public Shape resultShape() {
    return result().shape();
  }
}
