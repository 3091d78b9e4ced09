package io.sparkdiffusion.graph;

/**
 * softmax(q kᵀ / sqrt(D)) v (arXiv 1706.03762, section 3.2.1) by one of several kernels: libtorch's
 * fused one, or matrix products where those are faster.
 */
public final class Attention {

  /** From this many keys on, the scores of all heads at once leave the processor's cache. */
  private static final long MANY_KEYS = 512;

  /** Queries whose scores are computed at once for one head; measured in docs/decisions/0006. */
  private static final int BLOCK = 512;

  /** Added to a score: its weight is then exactly 0. */
  private static final double UNSEEN = -1e30;

  /**
   * The method that {@link #inBlocks} calls, of the recorded class. A block's scores stay a tensor
   * of oneDNN's, whose softmax is faster than ATen's; a head's keys and values are the weights of
   * two linear layers.
   */
  private static final String BLOCKS =
      """
        def attention_in_blocks(self: __torch__.M,
          query: Tensor,
          key: Tensor,
          value: Tensor,
          block: int) -> Tensor:
          sizes = [torch.size(query, 0), torch.size(query, 2), torch.size(query, 1), torch.size(value, 3)]
          out = torch.empty(sizes, dtype=ops.prim.dtype(query), layout=None, device=ops.prim.device(query), pin_memory=None, memory_format=None)
          for b in range(torch.size(query, 0)):
            for h in range(torch.size(query, 1)):
              parts = torch.split(torch.select(torch.select(query, 0, b), 0, h), block, 0)
              places = torch.split(torch.select(torch.select(out, 0, b), 1, h), block, 0)
              k = ops.mkldnn._reorder_linear_weight(torch.select(torch.select(key, 0, b), 0, h), block)
              v = ops.mkldnn._reorder_linear_weight(torch.t(torch.select(torch.select(value, 0, b), 0, h)), block)
              for i in range(torch.len(parts)):
                scores = torch.linear(torch.to_mkldnn(parts[i]), k)
                seen = torch.linear(torch.softmax(scores, -1), v)
                _0 = torch.copy_(places[i], torch.to_dense(seen))
          return torch.transpose(out, 1, 2)
      """;

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

  /**
   * Records attention.
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
    if (kind != Kind.FULL_ROUNDED || !query.graph().target().hasSlowFusedAttention()) {
      return fused(query, key, value, kind);
    }
    Tensor scaled = query.times(1 / Math.sqrt((double) query.size(3)));
    return key.size(2) < MANY_KEYS ? atOnce(scaled, key, value) : inBlocks(scaled, key, value);
  }

  private static Tensor fused(Tensor query, Tensor key, Tensor value, Kind kind) {
    long lacking = query.graph().target().lackingRows(key.size(2));
    if (kind != Kind.CAUSAL && lacking > 0) {
      Tensor none = Tensor.zeros(query, Shape.of(1, 1, 1, key.size(2)));
      return query.call(
          query.shape(),
          "scaled_dot_product_attention",
          key.padded(2, lacking, 0),
          value.padded(2, lacking, 0),
          none.padded(3, lacking, UNSEEN));
    }
    String causal = kind == Kind.CAUSAL ? "True" : "False";
    return query.call(
        query.shape(), "scaled_dot_product_attention", key, value, "None", "0.", causal);
  }

  private static Tensor atOnce(Tensor scaled, Tensor key, Tensor value) {
    Shape scores = scaled.shape().with(3, key.size(2));
    Tensor weights =
        scaled.call(scores, "matmul", key.transpose(2, 3)).call(scores, "softmax", -1, "None");
    return weights.call(scaled.shape(), "matmul", value);
  }

  private static Tensor inBlocks(Tensor scaled, Tensor key, Tensor value) {
    return scaled
        .graph()
        .recordCall(
            scaled.shape(),
            BLOCKS,
            "attention_in_blocks(%s, %s, %s, %s, )"
                .formatted(scaled.variable(), key.variable(), value.variable(), BLOCK));
  }
}
