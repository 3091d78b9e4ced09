package io.sparkdiffusion.graph;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A weight as a file holds it, with what adapters add to it.
 *
 * @param bytes its little-endian elements, a direct buffer
 * @param type of the elements
 * @param shape of the elements
 * @param axes which of the shape's axes PyTorch has first, second and so on
 * @param additions to the weight with PyTorch's axes, summed in float32
 * @param rows that stand in the place of the weight's own, or behind them
 */
public record RawWeight(
    ByteBuffer bytes,
    Dtype type,
    Shape shape,
    List<Integer> axes,
    List<LowRank> additions,
    List<NewRows> rows) {

  /** A weight as it is stored. */
  public RawWeight(ByteBuffer bytes, Dtype type, Shape shape, List<Integer> axes) {
    this(bytes, type, shape, axes, List.of(), List.of());
  }

  /** A weight whose axes are PyTorch's. */
  public RawWeight(ByteBuffer bytes, Dtype type, Shape shape) {
    this(bytes, type, shape, IntStream.range(0, shape.rank()).boxed().toList());
  }

  /** The same weight with additions. */
  public RawWeight plus(List<LowRank> more) {
    return new RawWeight(bytes, type, shape, axes, List.copyOf(more), rows);
  }

  /** The same weight with other rows. */
  public RawWeight with(List<NewRows> others) {
    return new RawWeight(bytes, type, shape, axes, additions, List.copyOf(others));
  }

  /** Whether it is not as the file holds it. */
  public boolean isChanged() {
    return !additions.isEmpty() || !rows.isEmpty();
  }

  /** The axes as numbers. */
  public long[] order() {
    return axes.stream().mapToLong(Integer::longValue).toArray();
  }
}
