package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the JDK's zlib gives with the same choices, byte for byte. */
class HuffmanDeflateTest {

  private static final int BLOCK = 16_383;
  private static final int PART = 5_000;
  private static final int PIECE = 4_096;

  private final Random random = new Random(7);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 100, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 77})
  void anyLength(int length) {
    assertSame(bytes(length, i -> (int) (12 * random.nextGaussian())));
  }

  /** As a photograph's differences have them, from hardly any noise to nothing else. */
  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 1, 2, 5, 20, 60, 1000})
  void anyNoise(double amplitude) {
    assertSame(bytes(300_000, i -> (int) Math.round(amplitude * random.nextGaussian())));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 17, 100, 200, 256})
  void anyNumberOfValues(int values) {
    assertSame(bytes(50_000, i -> random.nextInt(values)));
    assertSame(bytes(50_000, i -> 255 - random.nextInt(values)));
    assertSame(bytes(50_000, i -> (int) (values * Math.pow(random.nextDouble(), 6))));
  }

  /** Frequencies like Fibonacci's numbers ask for codes of more bits than are allowed. */
  @Test
  void codesThatWouldBeTooLong() {
    int[] next = {1, 1};
    byte[] all = new byte[BLOCK];
    int filled = 0;
    for (int value = 0; filled < all.length; value++) {
      int end = Math.min(all.length, filled + next[0]);
      Arrays.fill(all, filled, end, (byte) value);
      filled = end;
      next = new int[] {next[1], next[0] + next[1]};
    }
    assertSame(all);
  }

  /** Blocks that are stored, of fixed codes and of their own, one after another. */
  @Test
  void blocksOfAllKinds() {
    assertSame(
        bytes(
            12 * BLOCK,
            i ->
                switch (i / BLOCK % 3) {
                  case 0 -> random.nextInt();
                  case 1 -> i % 7;
                  default -> i % 144;
                }));
    assertSame(bytes(40, i -> i));
  }

  private static byte[] bytes(int length, IntUnaryOperator value) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) value.applyAsInt(i);
    }
    return bytes;
  }

  private static void assertSame(byte[] data) {
    assertThat(byOurs(data)).isEqualTo(byZlib(data));
  }

  /** Added in parts, given in pieces. */
  private static byte[] byOurs(byte[] data) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    List<Integer> lengths = new ArrayList<>();
    HuffmanDeflate deflate =
        new HuffmanDeflate(
            PIECE,
            (bytes, length) -> {
              all.write(bytes, 0, length);
              lengths.add(length);
            });
    for (int from = 0; from < data.length; from += PART) {
      deflate.add(Arrays.copyOfRange(data, from, Math.min(from + PART, data.length)));
    }
    deflate.finish();
    assertThat(lengths.subList(0, lengths.size() - 1)).allMatch(length -> length == PIECE);
    assertThat(lengths.get(lengths.size() - 1)).isBetween(1, PIECE);
    return all.toByteArray();
  }

  private static byte[] byZlib(byte[] data) {
    byte[] all = new byte[2 * data.length + 1000];
    Deflater deflater = new Deflater(Deflater.BEST_SPEED);
    try {
      deflater.setStrategy(Deflater.HUFFMAN_ONLY);
      deflater.setInput(data);
      deflater.finish();
      int length = 0;
      while (!deflater.finished()) {
        length += deflater.deflate(all, length, all.length - length);
      }
      return Arrays.copyOf(all, length);
    } finally {
      deflater.end();
    }
  }
}
