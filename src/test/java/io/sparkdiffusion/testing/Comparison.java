package io.sparkdiffusion.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;

/** Compares numbers with the reference implementation's and prints the worst error. */
public final class Comparison {

  private Comparison() {}

  /** Asserts that no value is further off than {@code bound} times the largest reference value. */
  public static void assertClose(String what, float[] actual, float[] reference, double bound) {
    assertThat(actual).as(what).hasSameSizeAs(reference);
    for (int i = 0; i < reference.length; i++) {
      assertThat(actual[i]).as("%s, value %d", what, i).isFinite();
    }
    double worst = worstError(actual, reference);
    System.out.printf(
        Locale.ROOT,
        "%-60s worst error %.2e of %.2e, bound %.0e%n",
        what,
        worst,
        largest(reference),
        bound);
    assertThat(worst).as(what).isLessThanOrEqualTo(bound);
  }

  /** The largest difference, divided by the largest reference value. */
  public static double worstError(float[] actual, float[] reference) {
    double worst = 0;
    for (int i = 0; i < reference.length; i++) {
      worst = Math.max(worst, Math.abs((double) actual[i] - reference[i]));
    }
    return worst / largest(reference);
  }

  private static double largest(float[] reference) {
    double largest = 0;
    for (float value : reference) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
