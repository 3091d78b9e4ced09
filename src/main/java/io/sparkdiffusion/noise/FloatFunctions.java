package io.sparkdiffusion.noise;

import static java.lang.Math.fma;

/**
 * The float32 logarithm, sine and cosine of PyTorch's Box-Muller transform on x86-64 with AVX2 or
 * newer: the Cephes polynomials (logf.c, sinf.c by Stephen Moshier) in the order of operations of
 * ATen/native/cpu/avx_mathfun.h, with the fused multiply-adds that its compiler makes of them. The
 * JDK's functions are closer to the true values, and for that reason not equal.
 */
final class FloatFunctions {

  private static final float SQRT_HALF = 0.707106781186547524f;
  private static final float[] LOG_POLYNOMIAL = {
    7.0376836292e-2f,
    -1.1514610310e-1f,
    1.1676998740e-1f,
    -1.2420140846e-1f,
    1.4249322787e-1f,
    -1.6668057665e-1f,
    2.0000714765e-1f,
    -2.4999993993e-1f,
    3.3333331174e-1f
  };
  // ln 2 in two parts, the first exact in few bits.
  private static final float LN_2_HIGH = 0.693359375f;
  private static final float LN_2_LOW = -2.12194440e-4f;

  private static final float FOUR_OVER_PI = 1.27323954473516f;
  // pi / 4 in three parts, so that subtracting a multiple keeps the low bits.
  private static final float QUARTER_PI_1 = 0.78515625f;
  private static final float QUARTER_PI_2 = 2.4187564849853515625e-4f;
  private static final float QUARTER_PI_3 = 3.77489497744594108e-8f;
  private static final float[] SINE_POLYNOMIAL = {
    -1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f
  };
  private static final float[] COSINE_POLYNOMIAL = {
    2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f
  };

  private FloatFunctions() {}

  /** The natural logarithm of a positive normal number. */
  static float log(float value) {
    int bits = Float.floatToRawIntBits(value);
    float mantissa = Float.intBitsToFloat((bits & 0x007fffff) | 0x3f000000); // [0.5, 1)
    float exponent = (bits >>> 23) - 126;
    float x = mantissa - 1;
    if (mantissa < SQRT_HALF) {
      exponent -= 1;
      x += mantissa;
    }
    float z = x * x;
    float cubic = polynomial(LOG_POLYNOMIAL, x) * x;
    float y = fma(cubic, z, exponent * LN_2_LOW);
    y = fma(-0.5f, z, y);
    return fma(exponent, LN_2_HIGH, x + y);
  }

  /** The sine of an angle of 0 to 2 pi. */
  static float sin(float angle) {
    int octant = nearestEvenOctant(angle);
    float x = reduce(angle, octant);
    float y = (octant & 2) == 0 ? sinePolynomial(x) : cosinePolynomial(x);
    return (octant & 4) == 0 ? y : -y;
  }

  /** The cosine of an angle of 0 to 2 pi. */
  static float cos(float angle) {
    int octant = nearestEvenOctant(angle);
    float x = reduce(angle, octant);
    float y = (octant & 2) == 0 ? cosinePolynomial(x) : sinePolynomial(x);
    return ((octant + 2) & 4) == 0 ? y : -y;
  }

  private static int nearestEvenOctant(float angle) {
    return ((int) (angle * FOUR_OVER_PI) + 1) & ~1;
  }

  /** The angle less its octants, in [-pi/4, pi/4]. */
  private static float reduce(float angle, int octant) {
    float x = fma(octant, -QUARTER_PI_1, angle);
    x = fma(octant, -QUARTER_PI_2, x);
    return fma(octant, -QUARTER_PI_3, x);
  }

  private static float sinePolynomial(float x) {
    float z = x * x;
    return fma(polynomial(SINE_POLYNOMIAL, z) * z, x, x);
  }

  private static float cosinePolynomial(float x) {
    float z = x * x;
    return fma(polynomial(COSINE_POLYNOMIAL, z) * z, z, -0.5f * z) + 1;
  }

  /** Horner's rule, the highest power's factor first. */
  private static float polynomial(float[] factors, float x) {
    float y = factors[0];
    for (int i = 1; i < factors.length; i++) {
      y = fma(y, x, factors[i]);
    }
    return y;
  }
}
