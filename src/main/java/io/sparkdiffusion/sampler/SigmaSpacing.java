package io.sparkdiffusion.sampler;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** How noise levels lie between the largest and the smallest. */
enum SigmaSpacing {
  /** Where the timesteps put them. */
  INTERPOLATED,
  /** Even in their seventh roots (arXiv 2206.00364, formula 5). */
  KARRAS,
  /** Even in their logarithms. */
  EXPONENTIAL,
  /** Quantiles of a beta distribution (arXiv 2407.12173). */
  BETA;

  private static final double RHO = 7;
  private static final double BETA_SHAPE = 0.6;

  /**
   * The noise levels, falling.
   *
   * @param count 1 or more; one alone is the largest
   */
  double[] sigmas(double most, double least, int count) {
    return switch (this) {
      case INTERPOLATED ->
          throw new IllegalStateException(
              "Cannot space noise levels: their timesteps do that (" + this + ")");
      case KARRAS ->
          even(
              Math.pow(most, 1 / RHO),
              Math.pow(least, 1 / RHO),
              count,
              root -> Math.pow(root, RHO));
      case EXPONENTIAL -> even(Math.log(most), Math.log(least), count, Math::exp);
      case BETA ->
          even(1, 0, count, p -> least + SymmetricBeta.quantile(p, BETA_SHAPE) * (most - least));
    };
  }

  private static double[] even(double from, double to, int count, DoubleUnaryOperator value) {
    return IntStream.range(0, count)
        .mapToDouble(i -> count == 1 ? 0 : i / (double) (count - 1))
        .map(share -> value.applyAsDouble(from + share * (to - from)))
        .toArray();
  }
}
