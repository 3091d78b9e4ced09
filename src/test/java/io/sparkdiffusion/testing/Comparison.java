package io.sparkdiffusion.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;

/** Compares numbers with the reference implementation's and prints the worst error. */
public final class Comparison {

  private Comparison() {}

  /** Asserts that no value is further off than {@code bound} times the largest reference value. */
  public static void assertClose(String what, float[] actual, float[] reference, double bound) {
    assertThat(actual).as(what).hasSameSizeAs(reference);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < reference.length; i++) {
      assertThat(actual[i]).as("%s, value %d", what, i).isFinite();
      largest = Math.max(largest, Math.abs(reference[i]));
      worst = Math.max(worst, Math.abs((double) actual[i] - reference[i]));
    }
    System.out.printf(
        Locale.ROOT,
        "%-60s worst error %.2e of %.2e, bound %.0e%n",
        what,
        worst / largest,
        largest,
        bound);
    assertThat(worst / largest).as(what).isLessThanOrEqualTo(bound);
  }
}
