package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Map;

/**
 * Attention whose scores may be rounded goes by matrix products instead of libtorch's fused kernel,
 * which keeps them in float32: for fewer than 512 keys over all heads at once, for more head by
 * head in blocks of queries, whose scores stay in the processor's cache.
 */
public final class AttentionByProducts implements Pass {

  /** From this many keys on, the scores of all heads at once leave the processor's cache. */
  private static final long MANY_KEYS = 512;

  @Override
  public Graph apply(Graph graph) {
    return Rewrite.of(
        graph,
        (made, node) -> {
          if (!node.is(Op.ATTENTION)
              || node.attribute("kind", Attention.Kind.class) != Attention.Kind.FULL_ROUNDED) {
            return made.copy(node);
          }
          Node query = made.now(node.input(0));
          Node key = made.now(node.input(1));
          Node value = made.now(node.input(2));
          double scale = 1 / Math.sqrt((double) query.shape().size(3));
          Node scaled = made.add(Op.MUL, query.shape(), Map.of("number", scale), query);
          return key.shape().size(2) < MANY_KEYS
              ? atOnce(made, scaled, key, value)
              : made.add(KernelOp.ATTENTION_IN_BLOCKS, node.shape(), Map.of(), scaled, key, value);
        });
  }

  private static Node atOnce(Rewrite made, Node scaled, Node key, Node value) {
    Shape turned = key.shape().with(2, key.shape().size(3)).with(3, key.shape().size(2));
    Node columns = made.add(Op.TRANSPOSE, turned, Map.of("first", 2L, "second", 3L), key);
    Shape square = scaled.shape().with(3, key.shape().size(2));
    Node scores = made.add(KernelOp.MATMUL, square, Map.of(), scaled, columns);
    Node weights = made.add(KernelOp.SOFTMAX, square, Map.of(), scores);
    return made.add(KernelOp.MATMUL, scaled.shape(), Map.of(), weights, value);
  }
}
