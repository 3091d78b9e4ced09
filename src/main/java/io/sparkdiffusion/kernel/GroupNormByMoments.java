package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.Map;

/**
 * A group norm over pixels as they lie with their channels last: mean and deviation of each group
 * in float32, then one multiplication and one addition with the weight and the bias in them, and
 * the SiLU behind it. ATen's operator turns the image to channels first on a GPU, and the next
 * convolution turns it back; of these plain operators a compiler can make one kernel.
 */
public final class GroupNormByMoments implements Pass {

  @Override
  public Graph apply(Graph graph) {
    Readers readers = new Readers(graph);
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (isNormThenSilu(node, readers)) {
            return normalised(made, node.input(0), true);
          }
          boolean isDoneByItsReader =
              node.is(Op.GROUP_NORM)
                  && readers.isReadOnce(node)
                  && readers.of(node).get(0).is(Op.SILU);
          return isImageNorm(node) && !isDoneByItsReader
              ? normalised(made, node, false)
              : made.copy(node);
        });
  }

  private static boolean isNormThenSilu(Node node, Readers readers) {
    return node.is(Op.SILU) && isImageNorm(node.input(0)) && readers.isReadOnce(node.input(0));
  }

  private static boolean isImageNorm(Node node) {
    return node.is(Op.GROUP_NORM) && node.shape().rank() == 4;
  }

  /** The norm of (B, C, H, W), perhaps with SiLU behind it. */
  private static Node normalised(Rewrite made, Node norm, boolean withSilu) {
    Node x = made.now(norm.input(0));
    Shape image = norm.shape();
    long groups = norm.integer("groups");
    long each = image.size(1) / groups;
    Shape last = Shape.of(image.size(0), image.size(2), image.size(3), image.size(1));
    Shape grouped = Shape.of(image.size(0), image.size(2) * image.size(3), groups, each);
    Node pixels =
        made.add(Op.RESHAPE, grouped, Map.of(), permuted(made, x, last, List.of(0L, 2L, 3L, 1L)));
    Node moments =
        made.add(
            KernelOp.MOMENTS,
            Shape.of(2, image.size(0), 1, groups, 1),
            Map.of("epsilon", norm.number("epsilon")),
            pixels);
    Shape ofGroup = Shape.of(1, 1, groups, each);
    Shape ofImage = Shape.of(image.size(0), 1, groups, each);
    Node scale =
        made.add(
            Op.MUL,
            ofImage,
            Map.of(),
            moment(made, moments, 1),
            float32(made, made.now(norm.input(1)), ofGroup));
    Node centre = made.add(Op.MUL, ofImage, Map.of(), moment(made, moments, 0), scale);
    Node bias = float32(made, made.now(norm.input(2)), ofGroup);
    Node shift = made.add(Op.SUB, ofImage, Map.of(), bias, centre);
    Node wide = made.add(KernelOp.TO_FLOAT32, grouped, Map.of(), pixels);
    Node scaled = made.add(Op.MUL, grouped, Map.of(), wide, scale);
    Node y = made.add(Op.ADD, grouped, Map.of(), scaled, shift);
    y = withSilu ? made.add(Op.SILU, grouped, Map.of(), y) : y;
    y = made.add(KernelOp.TYPE_AS, grouped, Map.of(), y, pixels);
    y = made.add(Op.RESHAPE, last, Map.of(), y);
    return permuted(made, y, image, List.of(0L, 3L, 1L, 2L));
  }

  private static Node permuted(Rewrite made, Node x, Shape shape, List<Long> order) {
    return made.add(Op.PERMUTE, shape, Map.of("order", order), x);
  }

  /** The means, or what is divided by the deviations: (B, 1, G, 1). */
  private static Node moment(Rewrite made, Node moments, long which) {
    Shape all = moments.shape();
    Map<String, Object> first = Map.of("dimension", 0L, "start", which);
    Node one = made.add(Op.NARROW, all.with(0, 1), first, moments);
    return made.add(Op.RESHAPE, Shape.of(all.size(1), 1, all.size(3), 1), Map.of(), one);
  }

  private static Node float32(Rewrite made, Node weight, Shape shape) {
    Node wide = made.add(KernelOp.TO_FLOAT32, weight.shape(), Map.of(), weight);
    return made.add(Op.RESHAPE, shape, Map.of(), wide);
  }
}
