package io.sparkdiffusion.sampler;

/** A few linear equations. */
final class LinearSystem {

  private LinearSystem() {}

  /**
   * Solves {@code matrix x = right} by Gauss's elimination; both are overwritten.
   *
   * @param matrix square, with no pivot of 0, as that of powers of different numbers
   */
  static double[] solve(double[][] matrix, double[] right) {
    int count = right.length;
    for (int pivot = 0; pivot < count; pivot++) {
      for (int row = 0; row < count; row++) {
        if (row != pivot) {
          double factor = matrix[row][pivot] / matrix[pivot][pivot];
          for (int column = pivot; column < count; column++) {
            matrix[row][column] -= factor * matrix[pivot][column];
          }
          right[row] -= factor * right[pivot];
        }
      }
    }
    for (int i = 0; i < count; i++) {
      right[i] /= matrix[i][i];
    }
    return right;
  }
}
