package io.sparkdiffusion.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.ReferenceFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** {@code tools/reference/noise.py} wrote the numbers. */
class TorchGeneratorTest {

  private static final ReferenceFile REFERENCE =
      ReferenceFile.ofResource("reference/noise.safetensors");

  @Test
  void equalsTorchInEveryBitForTenThousandSeeds() {
    long[] seeds = REFERENCE.longs("seeds");
    int[] checksums = REFERENCE.ints("checksums");
    List<Long> differing = new ArrayList<>();
    for (int i = 0; i < seeds.length; i++) {
      if (checksum(callsInARow(seeds[i])) != checksums[i]) {
        differing.add(seeds[i]);
      }
    }
    System.out.printf(
        "noise: %d of %d seeds differ from %s%n",
        differing.size(), seeds.length, REFERENCE.metadata().get("source"));
    assertThat(Arrays.stream(seeds).distinct()).hasSize(10_000);
    assertThat(differing).isEmpty();
  }

  @Test
  void equalsTorchValueByValue() {
    long[] seeds = REFERENCE.longs("full_seeds");
    float[] expected = REFERENCE.floats("full");
    int position = 0;
    int different = 0;
    double worst = 0;
    for (long seed : seeds) {
      for (float actual : callsInARow(seed)) {
        float wanted = expected[position++];
        worst = Math.max(worst, Math.abs((double) actual - wanted));
        different += Float.floatToRawIntBits(actual) == Float.floatToRawIntBits(wanted) ? 0 : 1;
      }
    }
    System.out.printf(
        "noise: %d of %d values differ, worst by %.2e%n", different, expected.length, worst);
    assertThat(position).isEqualTo(expected.length);
    assertThat(different).isZero();
  }

  @Test
  void readsOnlyTheLowThirtyTwoBitsOfASeed() {
    float[] values = new TorchGenerator(7).randn(64);
    assertThat(new TorchGenerator((1L << 32) + 7).randn(64)).containsExactly(values);
    assertThat(new TorchGenerator(Long.MIN_VALUE + 7).randn(64)).containsExactly(values);
    assertThat(new TorchGenerator(8).randn(64)).isNotEqualTo(values);
  }

  @Test
  void refusesANegativeCount() {
    assertThatThrownBy(() -> new TorchGenerator(0).randn(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot draw noise: the count must not be negative (-1)");
  }

  /** All values that a fresh generator gives, call after call, in the reference's counts. */
  private static float[] callsInARow(long seed) {
    long[] counts = REFERENCE.longs("counts");
    TorchGenerator generator = new TorchGenerator(seed);
    float[] all = new float[(int) Arrays.stream(counts).sum()];
    int position = 0;
    for (long count : counts) {
      float[] values = generator.randn((int) count);
      System.arraycopy(values, 0, all, position, values.length);
      position += values.length;
    }
    return all;
  }

  private static int checksum(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    CRC32 crc = new CRC32();
    crc.update(bytes.array());
    return (int) crc.getValue();
  }
}
