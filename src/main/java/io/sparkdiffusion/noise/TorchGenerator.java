package io.sparkdiffusion.noise;

import java.util.OptionalDouble;

/**
 * PyTorch's CPU generator: the same seed gives the bits of {@code torch.randn}, call after call.
 *
 * <p>Equal to PyTorch 2.7.1 on x86-64 with AVX2 or AVX-512, which agree (measured; {@code
 * ATEN_CPU_CAPABILITY=default} differs from them in the last bits of counts from 16 on). Source:
 * ATen/native/cpu/DistributionTemplates.h and ATen/core/DistributionsHelper.h. Not thread-safe: one
 * generator belongs to one image.
 */
public final class TorchGenerator {

  private static final int BLOCK = 16;
  private static final int HALF_BLOCK = BLOCK / 2;
  private static final float TWO_PI = (float) (2 * Math.PI);

  private final MersenneTwister engine;
  private OptionalDouble pendingNormal = OptionalDouble.empty();

  /**
   * As {@code torch.Generator().manual_seed(seed)}.
   *
   * @param seed any 64 bits; torch takes -2^63 to 2^64 - 1, reads negative numbers as their two's
   *     complement, and gives only the low 32 bits to its engine. A seed of 2^63 or more is the
   *     {@code long} of the same bits ({@link Long#parseUnsignedLong(String)}).
   */
  public TorchGenerator(long seed) {
    this.engine = new MersenneTwister((int) seed);
  }

  /**
   * As {@code torch.randn(count, generator=g, dtype=torch.float32)}; a shape's values are those of
   * its product, row-major.
   *
   * @param count how many values, 0 or more
   * @return count values of the standard normal distribution
   * @throws IllegalArgumentException for a negative count
   */
  public float[] randn(int count) {
    if (count < 0) {
      throw new IllegalArgumentException(
          "Cannot draw noise: the count must not be negative (" + count + ")");
    }
    float[] values = new float[count];
    if (count < BLOCK) {
      fillOneByOne(values);
    } else {
      fillInBlocks(values);
    }
    return values;
  }

  /** Few values: double Box-Muller, whose second value waits for the next call of this kind. */
  private void fillOneByOne(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) nextNormal();
    }
  }

  private double nextNormal() {
    if (pendingNormal.isPresent()) {
      double normal = pendingNormal.getAsDouble();
      pendingNormal = OptionalDouble.empty();
      return normal;
    }
    double u1 = nextUniformDouble();
    double u2 = nextUniformDouble();
    double radius = StrictMath.sqrt(-2 * StrictMath.log1p(-u2));
    double angle = 2 * Math.PI * u1;
    pendingNormal = OptionalDouble.of(radius * StrictMath.sin(angle));
    return radius * StrictMath.cos(angle);
  }

  /** Blocks of 16; where they do not fit, the last 16 values are drawn again. */
  private void fillInBlocks(float[] values) {
    fillUniform(values, 0, values.length);
    for (int start = 0; start + BLOCK <= values.length; start += BLOCK) {
      boxMuller(values, start);
    }
    if (values.length % BLOCK != 0) {
      int start = values.length - BLOCK;
      fillUniform(values, start, BLOCK);
      boxMuller(values, start);
    }
  }

  private void fillUniform(float[] values, int start, int count) {
    for (int i = start; i < start + count; i++) {
      values[i] = nextUniformFloat();
    }
  }

  /** Value j of a block goes with value j + 8. */
  private static void boxMuller(float[] values, int start) {
    for (int i = start; i < start + HALF_BLOCK; i++) {
      float radius = (float) Math.sqrt(-2 * FloatFunctions.log(1 - values[i]));
      float angle = TWO_PI * values[i + HALF_BLOCK];
      // PyTorch's multiplication by the deviation 1 and addition of the mean 0 make -0 to 0.
      values[i] = radius * FloatFunctions.cos(angle) + 0f;
      values[i + HALF_BLOCK] = radius * FloatFunctions.sin(angle) + 0f;
    }
  }

  /** A multiple of 2^-24 in [0, 1). */
  private float nextUniformFloat() {
    return (engine.nextInt() & 0xffffff) * 0x1p-24f;
  }

  /** A multiple of 2^-53 in [0, 1). */
  private double nextUniformDouble() {
    return (engine.nextLong() & 0x1fffffffffffffL) * 0x1p-53;
  }
}
