package io.sparkdiffusion.graph;

import java.util.List;
import java.util.Map;

/**
 * One operation of a graph: immutable, equal to itself alone.
 *
 * <p>Attributes are {@code Long}, {@code Double}, {@code String}, lists of {@code Long}, or values
 * of a type of the operator's own.
 */
public final class Node {

  private final Operator operator;
  private final List<Node> inputs;
  private final Map<String, Object> attributes;
  private final Shape shape;

  /** An operation on the results of others. */
  public Node(Operator operator, Shape shape, Map<String, Object> attributes, List<Node> inputs) {
    this.operator = operator;
    this.inputs = List.copyOf(inputs);
    this.attributes = Map.copyOf(attributes);
    this.shape = shape;
  }

  /** What it computes. */
  public Operator operator() {
    return operator;
  }

  /** Whether it computes that. */
  public boolean is(Operator other) {
    return operator == other;
  }

  /** What it computes from, in the operator's order. */
  public List<Node> inputs() {
    return inputs;
  }

  /** One of the inputs. */
  public Node input(int index) {
    return inputs.get(index);
  }

  /** All attributes. */
  public Map<String, Object> attributes() {
    return attributes;
  }

  /** The result's shape. */
  public Shape shape() {
    return shape;
  }

  /** Whether it has an attribute. */
  public boolean has(String attribute) {
    return attributes.containsKey(attribute);
  }

  /**
   * An attribute of a type of the operator's own.
   *
   * @throws IllegalArgumentException where there is none of that name and type
   */
  public <T> T attribute(String name, Class<T> type) {
    Object value = attributes.get(name);
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(
          "Cannot read attribute %s of %s: it must be a %s (%s)"
              .formatted(name, operator.name(), type.getSimpleName(), value));
    }
    return type.cast(value);
  }

  /** An attribute that is an integer. */
  public long integer(String name) {
    return attribute(name, Long.class);
  }

  /** An attribute that is a number. */
  public double number(String name) {
    return attribute(name, Double.class);
  }

  /** An attribute that is text. */
  public String text(String name) {
    return attribute(name, String.class);
  }

  @Override
  public String toString() {
    return operator.name() + attributes + shape;
  }
}
