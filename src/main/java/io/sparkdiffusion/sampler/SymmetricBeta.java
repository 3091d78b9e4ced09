package io.sparkdiffusion.sampler;

/** The beta distribution with both shapes alike. */
final class SymmetricBeta {

  private static final int HALVINGS = 60;
  private static final int PIECES = 64;

  private SymmetricBeta() {}

  /**
   * The value below which this share lies, 0 to 1.
   *
   * @param shape above 0; below 1 the ends are likelier than the middle
   */
  static double quantile(double share, double shape) {
    if (share > 0.5) {
      return 1 - quantile(1 - share, shape);
    }
    double whole = 2 * below(0.5, shape);
    double low = 0;
    double high = 0.5;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      if (below(middle, shape) < share * whole) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return share == 0 ? 0 : (low + high) / 2;
  }

  /**
   * The integral of {@code (x (1 - x))^(shape - 1)} from 0 to at most a half. With {@code u =
   * x^shape} nothing is infinite at 0; Simpson's rule does the rest.
   */
  private static double below(double x, double shape) {
    double end = Math.pow(x, shape);
    double width = end / PIECES;
    double sum = 0;
    for (int i = 0; i <= PIECES; i++) {
      int weight = i == 0 || i == PIECES ? 1 : i % 2 == 0 ? 2 : 4;
      sum += weight * Math.pow(1 - Math.pow(i * width, 1 / shape), shape - 1);
    }
    return sum * width / 3 / shape;
  }
}
