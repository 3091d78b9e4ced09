package io.sparkdiffusion.graph;

import java.util.List;
import java.util.Map;

/** softmax(q kᵀ / sqrt(D)) v (arXiv 1706.03762, section 3.2.1). */
public final class Attention {

  /** Which keys a query sees, and how exactly its scores are kept. */
  public enum Kind {
    /** Itself and those before it; scores in float32. */
    CAUSAL,
    /** All; scores in float32. */
    FULL,
    /** All; scores may be rounded to the type of the tensors. */
    FULL_ROUNDED
  }

  private Attention() {}

  /** Whether a node is attention in which a query sees itself and those before it. */
  public static boolean isCausal(Node node) {
    return node.is(Op.ATTENTION) && node.attribute("kind", Kind.class) == Kind.CAUSAL;
  }

  /**
   * Records attention (PyTorch, {@code F.scaled_dot_product_attention}).
   *
   * @param query (B, heads, L, D)
   * @param key (B, heads, S, D)
   * @param value (B, heads, S, D)
   * @return (B, heads, L, D)
   */
  public static Tensor of(Tensor query, Tensor key, Tensor value, Kind kind) {
    query.requireRank("attention", 4);
    Shape wanted = key.shape().with(2, query.size(2));
    if (!key.shape().equals(value.shape()) || !query.shape().equals(wanted)) {
      throw GraphException.cannot(
          "attention",
          "batches, heads and head sizes must agree",
          query.shape(),
          key.shape(),
          value.shape());
    }
    return query.record(Op.ATTENTION, query.shape(), Map.of("kind", kind), List.of(key, value));
  }
}
