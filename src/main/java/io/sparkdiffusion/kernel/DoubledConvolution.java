package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.Map;

/**
 * Nearest-neighbour upsampling to the double followed by a 3x3 convolution becomes four 2x2
 * convolutions of the small image. Of the three pixels of the upsampled image that a row of the
 * kernel meets, two are the same, so their weights are added beforehand; the result's even and odd
 * rows and columns each have a kernel of their own. That is the same sum with 16 instead of 36
 * products. The sums are made in float32 when the weight is loaded, and rounded once.
 */
public final class DoubledConvolution implements Pass {

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!isDoubled(node)) {
            return made.copy(node);
          }
          Node x = made.now(node.input(0).input(0));
          return made.add(
              KernelOp.UPSAMPLED_CONV2D,
              node.shape(),
              Map.of("name", node.input(1).text("name"), "packing", new Packing.Doubled(x.shape())),
              x,
              made.now(node.input(2)));
        });
  }

  private static boolean isDoubled(Node node) {
    if (!node.is(Op.CONV2D) || !node.input(0).is(Op.UPSAMPLE_NEAREST)) {
      return false;
    }
    Node large = node.input(0);
    Node small = large.input(0);
    return node.input(1).is(Op.WEIGHT)
        && node.input(1).shape().size(2) == 3
        && node.integer("stride") == 1
        && large.shape().size(2) == 2 * small.shape().size(2)
        && large.shape().size(3) == 2 * small.shape().size(3);
  }
}
