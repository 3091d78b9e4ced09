package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.kernel.KernelOp;
import java.util.Optional;

/** Methods that a recorded class has beside {@code forward}, where a node calls them. */
final class ScriptMethods {

  /** Queries whose scores are computed at once for one head (docs/kernels.md). */
  static final int QUERIES = 512;

  /**
   * Attention for scaled queries. A block's scores stay a tensor of oneDNN's, whose softmax is
   * faster than ATen's; a head's keys and values are the weights of two linear layers.
   */
  private static final String ATTENTION_IN_BLOCKS =
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

  /** x (B, I, H, W) to (B, O, 2 H, 2 W), by the four parts of a weight. */
  private static final String DOUBLED_CONVOLUTION =
      """
        def doubled_convolution(self: __torch__.M,
          x: Tensor,
          kernels: List[Tensor],
          bias: Tensor) -> Tensor:
          height = torch.size(x, 2)
          width = torch.size(x, 3)
          sizes = [torch.size(x, 0), torch.mul(2, height), torch.mul(2, width), torch.size(bias, 0)]
          out = torch.empty(sizes, dtype=ops.prim.dtype(x), layout=None, device=ops.prim.device(x), pin_memory=None, memory_format=None)
          for row in range(2):
            for column in range(2):
              kernel = kernels[torch.add(torch.mul(2, row), column)]
              y = ops.mkldnn._convolution_pointwise(x, kernel, bias, [1, 1], [1, 1], [1, 1], 1, "none", annotate(List[Optional[number]], []), "")
              part = torch.narrow(torch.narrow(y, 2, row, height), 3, column, width)
              place = torch.slice(torch.slice(out, 1, row, None, 2), 2, column, None, 2)
              _0 = torch.copy_(place, torch.permute(part, [0, 2, 3, 1]), False)
          return torch.permute(out, [0, 3, 1, 2])
      """;

  /** Means and inverse deviations of x (B, N, G, K) over N and K: (2, B, 1, G, 1). */
  private static final String MOMENTS =
      """
        def moments(self: __torch__.M,
          x: Tensor,
          epsilon: float) -> Tensor:
          wide = torch.to(x, 6, False, False, None)
          variance, mean, = torch.var_mean(wide, [1, 3], False, True)
          return torch.stack([mean, torch.rsqrt(torch.add(variance, epsilon))])
      """;

  private ScriptMethods() {}

  /** The method that a node calls. */
  static Optional<String> of(Node node) {
    if (node.is(KernelOp.ATTENTION_IN_BLOCKS)) {
      return Optional.of(ATTENTION_IN_BLOCKS);
    }
    if (node.is(KernelOp.MOMENTS)) {
      return Optional.of(MOMENTS);
    }
    return node.is(KernelOp.UPSAMPLED_CONV2D) ? Optional.of(DOUBLED_CONVOLUTION) : Optional.empty();
  }
}
