package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Map;

/**
 * A 3x3 convolution of 641 to 1280 channels becomes two of half the channels, the second added to
 * the first in place: matrix tiles multiply these faster. The first half's result is rounded once
 * more. The weight's sizes alone decide, so that every size of image takes the same way.
 */
public final class HalvedInput implements Pass {

  /** Channels of a 3x3 convolution's input up to which tiles are fast. */
  private static final long WIDE = 640;

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          boolean plain = node.is(Op.CONV2D) && node.integer("stride") == 1;
          if (plain && isWide(node.input(1))) {
            return inHalves(made, node, 0);
          }
          return node.is(KernelOp.CONV2D_INTO) && isWide(node.input(2))
              ? inHalves(made, node, 1)
              : made.copy(node);
        });
  }

  private static boolean isWide(Node weight) {
    long channels = weight.shape().size(1);
    return weight.is(Op.WEIGHT)
        && weight.shape().size(2) == 3
        && channels > WIDE
        && channels <= 2 * WIDE
        && channels % 2 == 0;
  }

  /**
   * Both halves.
   *
   * @param at which input is convolved; the weight and the bias come behind it
   */
  private static Node inHalves(Rewrite made, Node node, int at) {
    Node x = made.now(node.input(at));
    Node weight = node.input(at + 1);
    Map<String, Object> padding = Map.of("padding", node.integer("padding"));
    Node[] inputs = made.inputs(node);
    inputs[at] = half(made, x, 0);
    Shape half = weight.shape().with(1, weight.shape().size(1) / 2);
    Packing halves = new Packing.InputHalves(x.shape(), (int) node.integer("padding"));
    inputs[at + 1] = Packing.packed(made, weight, halves, half);
    Node begun =
        node.is(Op.CONV2D)
            ? made.as(KernelOp.PACKED_CONV2D, node, inputs)
            : made.as(KernelOp.CONV2D_INTO, node, inputs);
    Node other = half(made, x, 1);
    Node second = Packing.second(made, weight, half);
    return made.add(KernelOp.CONV2D_INTO, node.shape(), padding, begun, other, second);
  }

  private static Node half(Rewrite made, Node x, int index) {
    long half = x.shape().size(1) / 2;
    Map<String, Object> place = Map.of("dimension", 1L, "start", index * half);
    Node part = made.add(Op.NARROW, x.shape().with(1, half), place, x);
    return made.add(KernelOp.CHANNELS_LAST, part.shape(), Map.of(), part);
  }
}
