package io.sparkdiffusion.graph;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** The sizes of a tensor's dimensions, all known. */
public final class Shape {

  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /** A shape; no sizes make a scalar. */
  public static Shape of(long... sizes) {
    for (long size : sizes) {
      if (size < 0) {
        throw new IllegalArgumentException(
            "Cannot make a shape: sizes must not be negative (%s)"
                .formatted(Arrays.toString(sizes)));
      }
    }
    return new Shape(sizes.clone());
  }

  /** The number of dimensions. */
  public int rank() {
    return sizes.length;
  }

  /**
   * The size of one dimension; negative ones count from the last.
   *
   * @throws GraphException where there is no such dimension
   */
  public long size(int dimension) {
    return sizes[index(dimension)];
  }

  /**
   * The number of elements.
   *
   * @throws ArithmeticException where it exceeds a long
   */
  public long count() {
    return LongStream.of(sizes).reduce(1, Math::multiplyExact);
  }

  /** All sizes. */
  public long[] sizes() {
    return sizes.clone();
  }

  /** This shape with another size in one dimension. */
  public Shape with(int dimension, long size) {
    long[] changed = sizes.clone();
    changed[index(dimension)] = size;
    return of(changed);
  }

  /** This shape with a new dimension of size 1. */
  Shape unsqueezed(int dimension) {
    long[] longer = new long[rank() + 1];
    for (int i = 0, from = 0; i < longer.length; i++) {
      longer[i] = i == dimension ? 1 : sizes[from++];
    }
    return of(longer);
  }

  /** The shape of what this and another are together, each stretched where its size is 1. */
  Shape broadcast(String operation, Shape other) {
    long[] both = new long[Math.max(rank(), other.rank())];
    for (int i = 1; i <= both.length; i++) {
      long mine = i <= rank() ? size(-i) : 1;
      long theirs = i <= other.rank() ? other.size(-i) : 1;
      if (mine != theirs && mine != 1 && theirs != 1) {
        throw GraphException.cannot(operation, "shapes must broadcast", this, other);
      }
      both[both.length - i] = mine == 1 ? theirs : mine;
    }
    return of(both);
  }

  private int index(int dimension) {
    int index = dimension < 0 ? dimension + sizes.length : dimension;
    if (index < 0 || index >= sizes.length) {
      throw GraphException.cannot("an operation", "the dimension must exist", this, dimension);
    }
    return index;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /** A list, such as {@code [2, 320, 64, 64]}. */
  @Override
  public String toString() {
    return LongStream.of(sizes)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
