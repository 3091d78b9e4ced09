package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.Map;

/**
 * A resnet's 1x1 shortcut is a product of its pixels that is added to the last convolution by the
 * product itself, and its bias goes into that convolution's: on a GPU, where cuDNN adds a bias in a
 * pass of its own, two passes over the image less.
 */
public final class ShortcutIntoProduct implements Pass {

  @Override
  public Graph apply(Graph graph) {
    Readers readers = new Readers(graph);
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (isSum(node) && readers.isReadOnce(node.input(0)) && isShortcut(node, readers)) {
            return joined(made, node);
          }
          return made.copy(node);
        });
  }

  private static boolean isSum(Node node) {
    return node.is(Op.ADD)
        && node.inputs().size() == 2
        && hasBias(node.input(0))
        && node.input(0).shape().equals(node.shape());
  }

  private static boolean isShortcut(Node sum, Readers readers) {
    Node shortcut = sum.input(1);
    return hasBias(shortcut)
        && readers.isReadOnce(shortcut)
        && shortcut.input(1).shape().size(2) == 1
        && shortcut.input(1).shape().size(3) == 1
        && shortcut.integer("stride") == 1
        && shortcut.shape().equals(sum.shape());
  }

  private static boolean hasBias(Node node) {
    return node.is(Op.CONV2D) && node.inputs().size() == 3;
  }

  private static Node joined(Rewrite made, Node sum) {
    Node convolution = sum.input(0);
    Node shortcut = sum.input(1);
    Shape image = sum.shape();
    long channels = image.size(1);
    Node bias =
        made.add(
            Op.ADD,
            Shape.of(channels),
            Map.of(),
            made.now(convolution.input(2)),
            made.now(shortcut.input(2)));
    Node added =
        made.as(
            Op.CONV2D,
            convolution,
            made.now(convolution.input(0)),
            made.now(convolution.input(1)),
            bias);
    Node x = made.now(shortcut.input(0));
    Node weight = made.now(shortcut.input(1));
    Node matrix = made.add(Op.RESHAPE, Shape.of(channels, x.shape().size(1)), Map.of(), weight);
    Node both = rows(made, added);
    Node product =
        made.add(KernelOp.PRODUCT_PLUS, both.shape(), Map.of(), rows(made, x), matrix, both);
    Shape last = Shape.of(image.size(0), image.size(2), image.size(3), channels);
    Node pixels = made.add(Op.RESHAPE, last, Map.of(), product);
    return made.add(Op.PERMUTE, image, Map.of("order", List.of(0L, 3L, 1L, 2L)), pixels);
  }

  /** (B, C, H, W) to (B · H · W, C), without a copy where the channels are last. */
  private static Node rows(Rewrite made, Node x) {
    Shape image = x.shape();
    Shape last = Shape.of(image.size(0), image.size(2), image.size(3), image.size(1));
    Node pixels = made.add(Op.PERMUTE, last, Map.of("order", List.of(0L, 2L, 3L, 1L)), x);
    return made.add(
        Op.RESHAPE, Shape.of(image.count() / image.size(1), image.size(1)), Map.of(), pixels);
  }
}
