package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Shape;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * The numbers of a tensor, row by row, and what moves or changes each of them alone.
 *
 * @param numbers float32
 */
record Values(Shape shape, float[] numbers) {

  /** Where a number of a result comes from. */
  interface Place {

    /** The value at indices of the result. */
    float at(long[] indices);
  }

  static Values of(Shape shape, Place place) {
    float[] numbers = new float[Math.toIntExact(shape.count())];
    long[] indices = new long[shape.rank()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = place.at(indices);
      for (int d = shape.rank() - 1; d >= 0 && ++indices[d] == shape.size(d); d--) {
        indices[d] = 0;
      }
    }
    return new Values(shape, numbers);
  }

  float at(long... indices) {
    int place = 0;
    for (int d = 0; d < shape.rank(); d++) {
      place = Math.toIntExact(place * shape.size(d) + indices[d]);
    }
    return numbers[place];
  }

  /** The same numbers in another shape. */
  Values reshaped(Shape other) {
    return new Values(other, numbers);
  }

  Values each(DoubleUnaryOperator function) {
    return of(shape, indices -> (float) function.applyAsDouble(at(indices)));
  }

  /** Numbers of two tensors together, broadcast. */
  Values with(Values other, Shape result, DoubleBinaryOperator function) {
    return of(
        result,
        indices -> (float) function.applyAsDouble(broadcast(indices), other.broadcast(indices)));
  }

  private float broadcast(long[] indices) {
    long[] own = new long[shape.rank()];
    for (int i = 1; i <= own.length; i++) {
      own[own.length - i] = shape.size(-i) == 1 ? 0 : indices[indices.length - i];
    }
    return at(own);
  }

  /** Numbers that lie elsewhere: for each place in the result one of this. */
  Values moved(Shape result, UnaryOperator<long[]> from) {
    return of(result, indices -> at(from.apply(indices.clone())));
  }
}
