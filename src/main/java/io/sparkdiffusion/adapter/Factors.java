package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.LowRank;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.weights.TensorFile;
import java.util.Arrays;

/**
 * The two factors of an adapter's layer, as its file names them; they are read when they are added.
 *
 * @param down (R, I) or (R, I, k, k)
 * @param up (O, R) or (O, R, 1, 1)
 */
record Factors(TensorFile file, String down, String up) {

  /** R. */
  long rank() {
    return file.shape(down).rank() == 0 ? 0 : file.shape(down).size(0);
  }

  /**
   * Compares the shapes with the weight's; a matrix may be a 1x1 convolution on either side.
   *
   * @throws ProblemsException where the product has not the weight's shape
   */
  void require(String weight, Shape wanted) {
    if (!multiplyTo(wanted)) {
      throw new ProblemsException(
          "Cannot add %s of %s: up and down must multiply to the shape of %s, %s (up %s, down %s)"
              .formatted(
                  Shown.text(down), file.path(), weight, wanted, file.shape(up), file.shape(down)));
    }
  }

  private boolean multiplyTo(Shape wanted) {
    Shape left = file.shape(up);
    Shape right = file.shape(down);
    return rank() > 0
        && right.rank() > 1
        && isMatrix(left)
        && left.size(1) == rank()
        && Arrays.equals(matrix(right.with(0, left.size(0)).sizes()), matrix(wanted.sizes()));
  }

  private static boolean isMatrix(Shape shape) {
    return matrix(shape.sizes()).length == 2;
  }

  /** Without the sides of a 1x1 kernel. */
  private static long[] matrix(long[] sizes) {
    return sizes.length == 4 && sizes[2] == 1 && sizes[3] == 1 ? Arrays.copyOf(sizes, 2) : sizes;
  }

  /**
   * Reads all numbers.
   *
   * @throws ProblemsException where one is not finite
   */
  void requireFinite() {
    Finite.require(file, down);
    Finite.require(file, up);
  }

  /** What is added, scaled. */
  LowRank scaled(double scale) {
    return new LowRank(scale, file.raw(up), file.raw(down), rank());
  }
}
