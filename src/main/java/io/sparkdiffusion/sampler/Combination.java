package io.sparkdiffusion.sampler;

import java.util.Arrays;
import java.util.List;

/** A tensor as a sum of a step's tensors, each with a factor: immutable. */
final class Combination {

  private final double[] factors;

  private Combination(double[] factors) {
    this.factors = factors;
  }

  /** The tensor at this index of so many, or none of them where the index is none. */
  static Combination of(int index, int count) {
    double[] factors = new double[count];
    if (index >= 0) {
      factors[index] = 1;
    }
    return new Combination(factors);
  }

  Combination times(double factor) {
    // No part stays none, whatever the factor: an unused one may be infinite.
    return new Combination(Arrays.stream(factors).map(f -> f == 0 ? 0 : f * factor).toArray());
  }

  Combination plus(Combination other) {
    double[] sum = factors.clone();
    Arrays.setAll(sum, i -> factors[i] + other.factors[i]);
    return new Combination(sum);
  }

  Combination minus(Combination other) {
    return plus(other.times(-1));
  }

  /** The factors, as a row of a step's matrix. */
  List<Double> row() {
    return Arrays.stream(factors).boxed().toList();
  }
}
