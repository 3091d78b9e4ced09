package io.sparkdiffusion.graph;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A weight as a file holds it.
 *
 * @param bytes its little-endian elements, a direct buffer
 * @param type of the elements
 * @param shape of the elements
 * @param axes which of the shape's axes PyTorch has first, second and so on
 */
public record RawWeight(ByteBuffer bytes, Dtype type, Shape shape, List<Integer> axes) {

  /** A weight whose axes are PyTorch's. */
  public RawWeight(ByteBuffer bytes, Dtype type, Shape shape) {
    this(bytes, type, shape, IntStream.range(0, shape.rank()).boxed().toList());
  }

  /** The axes as numbers. */
  public long[] order() {
    return axes.stream().mapToLong(Integer::longValue).toArray();
  }
}
