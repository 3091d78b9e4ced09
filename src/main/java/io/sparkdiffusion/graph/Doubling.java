package io.sparkdiffusion.graph;

/**
 * Nearest-neighbour doubling followed by a 3x3 convolution, as four 2x2 convolutions of the small
 * picture. Of the three pixels of the doubled picture that a row of the kernel meets, two are the
 * same, so their weights are added beforehand; the result's even and odd rows and columns each have
 * a kernel of their own. That is the same sum with 16 in place of 36 products.
 */
final class Doubling {

  /**
   * A method of the dictionary of weights: keeps the four kernels of a weight (O, I, 3, 3). {@code
   * sums} says which of three rows or columns add up to the two of an even kernel, then of an odd
   * one; of rows and columns together that is one product, whose sums are float32's.
   */
  static final String PUT =
      """
        def put_doubled(self: __torch__.M,
          name: str,
          weight: Tensor,
          input: List[int]) -> NoneType:
          weights = self.weights
          sums = torch.tensor([[1., 0., 1., 0.], [0., 1., 1., 0.], [0., 1., 0., 1.]], dtype=ops.prim.dtype(weight), device=None, requires_grad=False)
          all = torch.mm(torch.reshape(weight, [-1, 9]), torch.kron(sums, sums))
          outputs = torch.size(weight, 0)
          inputs = torch.size(weight, 1)
          kernels = torch.reshape(all, [outputs, inputs, 2, 2, 2, 2])
          for row in range(2):
            for column in range(2):
              small = torch.select(torch.select(kernels, 4, column), 2, row)
              packed = ops.mkldnn._reorder_convolution_weight(small, [1, 1], [1, 1], [1, 1], 1, input)
              key = torch.format("{}/{}{}", name, row, column)
              _0 = torch._set_item(weights, key, packed)
          return None
      """;

  /** A method of a graph: x (B, I, H, W) to (B, O, 2 H, 2 W). */
  private static final String CONVOLUTION =
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

  private Doubling() {}

  /** Records the four convolutions over a weight that was split. */
  static Tensor convolution(Tensor x, Tensor weight, Tensor bias) {
    Graph graph = x.graph();
    String name = graph.readInParts(weight);
    return graph.recordCall(
        Shape.of(x.size(0), weight.size(0), 2 * x.size(2), 2 * x.size(3)),
        CONVOLUTION,
        "doubled_convolution(%s, [%s, %s, %s, %s], %s, )"
            .formatted(
                x.variable(),
                kernel(name, "00"),
                kernel(name, "01"),
                kernel(name, "10"),
                kernel(name, "11"),
                bias.variable()));
  }

  private static String kernel(String weight, String place) {
    return Graph.stored(weight + "/" + place);
  }
}
