package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.Map;

/**
 * GEGLU (arXiv 2002.05202), {@code value * gelu(gate)} of one projection that gives both, becomes
 * two linear layers of half the outputs: the gate's applies gelu to its result and the value's
 * multiplies its own with that. It saves three passes over the wide result and rounds once where
 * there were three roundings.
 */
public final class Geglu implements Pass {

  @Override
  public Graph apply(Graph graph) {
    Readers readers = new Readers(graph);
    return Rewrite.of(
        graph,
        (made, node) ->
            isGeglu(node) && readers.of(projection(node)).size() == 2
                ? inTwo(made, node, projection(node))
                : made.copy(node));
  }

  private static Node inTwo(Rewrite made, Node node, Node projection) {
    long inner = node.shape().size(-1);
    Node x = made.now(projection.input(0));
    Node weight = projection.input(1);
    Node bias = made.now(projection.input(2));
    Packing halves = new Packing.Halves(x.shape().count() / x.shape().size(-1));
    Shape half = weight.shape().with(0, inner);
    Node value = Packing.packed(made, weight, halves, half);
    Node second = Packing.second(made, weight, half);
    Node gateBias = half(made, bias, inner, inner);
    Node gate = made.add(KernelOp.LINEAR_GELU, node.shape(), Map.of(), x, second, gateBias);
    Node valueBias = half(made, bias, 0, inner);
    return made.add(KernelOp.LINEAR_TIMES, node.shape(), Map.of(), x, value, valueBias, gate);
  }

  private static Node half(Rewrite made, Node bias, long start, long length) {
    Map<String, Object> place = Map.of("dimension", 0L, "start", start);
    return made.add(Op.NARROW, Shape.of(length), place, bias);
  }

  private static Node projection(Node node) {
    return node.input(1).input(0);
  }

  private static boolean isGeglu(Node node) {
    if (!node.is(Op.MUL) || node.inputs().size() != 2 || !node.input(0).is(Op.GELU)) {
      return false;
    }
    Node gate = node.input(0).input(0);
    Node value = node.input(1);
    long inner = node.shape().size(-1);
    return isPart(gate, inner, inner)
        && isPart(value, 0, inner)
        && gate.input(0) == value.input(0)
        && isLayer(value.input(0), 2 * inner);
  }

  private static boolean isPart(Node node, long start, long length) {
    return node.is(Op.NARROW)
        && List.of(-1L, node.shape().rank() - 1L).contains(node.integer("dimension"))
        && node.integer("start") == start
        && node.shape().size(-1) == length;
  }

  private static boolean isLayer(Node node, long outputs) {
    return node.is(Op.LINEAR)
        && node.inputs().size() == 3
        && node.input(1).is(Op.WEIGHT)
        && node.shape().size(-1) == outputs;
  }
}
