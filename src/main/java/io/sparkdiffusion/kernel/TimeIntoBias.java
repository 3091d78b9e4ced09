package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Map;

/**
 * What is added to every pixel of a convolution's result goes into its bias: the UNet's time is one
 * vector for each resnet, added to 320 to 1280 numbers and not in a pass over all pixels.
 */
public final class TimeIntoBias implements Pass {

  @Override
  public Graph apply(Graph graph) {
    Readers readers = new Readers(graph);
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!isShifted(node) || !readers.isReadOnce(node.input(0))) {
            return made.copy(node);
          }
          Node convolution = node.input(0);
          Node shift = node.input(1);
          Shape channels = Shape.of(shift.shape().size(1));
          Node vector = made.add(Op.RESHAPE, channels, Map.of(), made.now(shift.input(0)));
          Node bias = made.now(convolution.input(2));
          Node shifted = made.add(Op.ADD, channels, Map.of(), bias, vector);
          return made.as(
              Op.CONV2D,
              convolution,
              made.now(convolution.input(0)),
              made.now(convolution.input(1)),
              shifted);
        });
  }

  /** A convolution plus one number for each channel. */
  private static boolean isShifted(Node node) {
    if (!node.is(Op.ADD) || node.inputs().size() != 2 || !node.input(0).is(Op.CONV2D)) {
      return false;
    }
    Node shift = node.input(1);
    return shift.is(Op.RESHAPE) && shift.shape().equals(Shape.of(1, node.shape().size(1), 1, 1));
  }
}
