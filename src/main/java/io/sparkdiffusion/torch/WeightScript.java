package io.sparkdiffusion.torch;

/**
 * The TorchScript class behind {@link WeightDictionary}: how a weight is converted and laid out. A
 * convolution's goes by oneDNN's layout for any input to the one for its own: for the latter
 * libtorch hands oneDNN a channels-last copy, which takes longer than both (docs/kernels.md).
 */
final class WeightScript {

  /**
   * Keeps the four kernels of a weight (O, I, 3, 3) behind upsampling to the double. {@code sums}
   * says which of three rows or columns add up to the two of an even kernel, then of an odd one; of
   * rows and columns together that is one product, whose sums are float32's.
   */
  private static final String PUT_DOUBLED =
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

  static final String TEXT =
      ScriptArchive.CLASS_HEADER
          + """
            def put(self: __torch__.M,
              name: str,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              target: int,
              sizes: List[int],
              layout: int) -> NoneType:
              weights = self.weights
              ordered = (self).ordered(raw, source, stored, axes, sizes, )
              converted = torch.to(ordered, target, False, True, layout)
              _0 = torch._set_item(weights, name, converted)
              return None
            def ordered(self: __torch__.M,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              sizes: List[int]) -> Tensor:
              typed = (self).typed(raw, source, )
              return torch.reshape(torch.permute(torch.reshape(typed, stored), axes), sizes)
            def typed(self: __torch__.M,
              raw: Tensor,
              source: int) -> Tensor:
              if torch.eq(ops.prim.dtype(raw), source):
                typed = raw
              else:
                typed = torch.view_copy(raw, dtype=source)
              return typed
            def widened(self: __torch__.M,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              target: int,
              sizes: List[int],
              whole: List[int]) -> Tensor:
              ordered = (self).ordered(raw, source, stored, axes, sizes, )
              sum = torch.new_empty(ordered, whole, dtype=target, layout=None, device=None, pin_memory=None)
              own = torch.narrow(sum, 0, 0, sizes[0])
              _0 = torch.copy_(own, ordered, False)
              return sum
            def put_rows(self: __torch__.M,
              sum: Tensor,
              first: int,
              raw: Tensor,
              source: int) -> NoneType:
              rows = torch.reshape((self).typed(raw, source, ), [-1, torch.size(sum, 1)])
              own = torch.narrow(sum, 0, first, torch.size(rows, 0))
              _0 = torch.copy_(own, rows, False)
              return None
            def add_product(self: __torch__.M,
              sum: Tensor,
              up: Tensor,
              up_type: int,
              down: Tensor,
              down_type: int,
              rank: int,
              scale: float) -> NoneType:
              type = ops.prim.dtype(sum)
              left = torch.reshape(torch.to((self).typed(up, up_type, ), type), [-1, rank])
              right = torch.reshape(torch.to((self).typed(down, down_type, ), type), [rank, -1])
              rows = torch.view(sum, [torch.size(left, 0), torch.size(right, 1)])
              _0 = torch.addmm_(rows, left, right, beta=1, alpha=scale)
              return None
            def passing(self: __torch__.M,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              target: int,
              sizes: List[int]) -> Tensor:
              ordered = (self).ordered(raw, source, stored, axes, sizes, )
              if torch.eq(ops.prim.dtype(ordered), target):
                passing = ordered
              else:
                scratch = (self).scratch(torch.numel(ordered), target, )
                passing = torch.reshape(scratch, sizes)
                _0 = torch.copy_(passing, ordered, False)
              return passing
            def scratch(self: __torch__.M,
              count: int,
              target: int) -> Tensor:
              weights = self.weights
              if torch.__contains__(weights, "/scratch"):
                known = weights["/scratch"]
              else:
                known = torch.empty([0], dtype=target, layout=None, device=None, pin_memory=None, memory_format=None)
              if torch.lt(torch.numel(known), count):
                enough = torch.empty([count], dtype=target, layout=None, device=None, pin_memory=None, memory_format=None)
                _0 = torch._set_item(weights, "/scratch", enough)
              else:
                enough = known
              return torch.narrow(enough, 0, 0, count)
            def release_scratch(self: __torch__.M) -> NoneType:
              weights = self.weights
              if torch.__contains__(weights, "/scratch"):
                torch.Delete(weights, "/scratch")
              return None
            def put_linear(self: __torch__.M,
              name: str,
              weight: Tensor,
              rows: int) -> NoneType:
              weights = self.weights
              packed = ops.mkldnn._reorder_linear_weight(weight, rows)
              _0 = torch._set_item(weights, name, packed)
              return None
            def put_halves(self: __torch__.M,
              name: str,
              weight: Tensor,
              second: str,
              rows: int) -> NoneType:
              weights = self.weights
              first_half, second_half = torch.chunk(weight, 2, 0)
              packed = ops.mkldnn._reorder_linear_weight(first_half, rows)
              _0 = torch._set_item(weights, name, packed)
              other = ops.mkldnn._reorder_linear_weight(second_half, rows)
              _1 = torch._set_item(weights, second, other)
              return None
            def put_convolution(self: __torch__.M,
              name: str,
              weight: Tensor,
              input: List[int],
              stride: int,
              padding: int) -> NoneType:
              weights = self.weights
              sides = [padding, padding]
              steps = [stride, stride]
              any = ops.mkldnn._reorder_convolution_weight(weight, sides, steps, [1, 1], 1, None)
              packed = torch.mkldnn_reorder_conv2d_weight(any, sides, steps, [1, 1], 1, input)
              _0 = torch._set_item(weights, name, packed)
              return None
            def put_input_halves(self: __torch__.M,
              name: str,
              weight: Tensor,
              second: str,
              input: List[int],
              padding: int) -> NoneType:
              first_half, second_half = torch.chunk(weight, 2, 1)
              _0 = (self).put_convolution(name, torch.contiguous(first_half), input, 1, padding, )
              _1 = (self).put_convolution(second, torch.contiguous(second_half), input, 1, padding, )
              return None
            def dictionary(self: __torch__.M) -> Dict[str, Tensor]:
              return self.weights
          """
              .indent(0)
          + PUT_DOUBLED;

  private WeightScript() {}
}
