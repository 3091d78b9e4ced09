package io.sparkdiffusion.weights;

import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where a tensor lies in a file.
 *
 * @param name as PyTorch calls it
 * @param type safetensors' name of the element type, such as {@code F32}
 * @param stored the shape that the file has it in
 * @param axes which stored axis is PyTorch's first, second and so on
 * @param spans its bytes, piece by piece; at least one
 */
record StoredTensor(String name, String type, Shape stored, List<Integer> axes, List<Span> spans) {

  /**
   * Some bytes of a file.
   *
   * @param begin the first, counted from the start of the file
   * @param end the one after the last
   */
  record Span(long begin, long end) {

    long bytes() {
      return end - begin;
    }
  }

  /** A tensor that is stored as PyTorch has it, in one piece. */
  static StoredTensor plain(String name, String type, Shape shape, Span span) {
    return new StoredTensor(
        name, type, shape, IntStream.range(0, shape.rank()).boxed().toList(), List.of(span));
  }

  /** The shape that PyTorch has it in. */
  Shape shape() {
    return Shape.of(axes.stream().mapToLong(stored::size).toArray());
  }

  long begin() {
    return spans.get(0).begin();
  }

  long end() {
    return spans.get(spans.size() - 1).end();
  }

  long bytes() {
    return spans.stream().mapToLong(Span::bytes).sum();
  }
}
