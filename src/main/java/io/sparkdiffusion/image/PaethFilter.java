package io.sparkdiffusion.image;

import java.util.Arrays;

/**
 * Predicts each byte from its neighbours, the one nearest to left + up - upLeft, of equally near
 * ones the first (ISO/IEC 15948, 9.4), and keeps the differences. In a model's images they hardly
 * repeat, so a Huffman code alone makes them small (decision 0013).
 *
 * <p>Each loop does one thing to values of the same place, without branches: the JVM's compiler
 * makes vector instructions of such loops alone.
 */
final class PaethFilter {

  private static final byte UP = 2;
  private static final byte PAETH = 4;
  private static final int PIXEL = RgbImage.CHANNELS;
  private static final int SIGN = Integer.SIZE - 1;

  private final byte[] rgb;
  private final int rowBytes;
  private int next;

  /** Bytes of this row and of the one above, and those a pixel to the left; outside all is 0. */
  private int[] row;

  private int[] left;
  private int[] up;
  private int[] upLeft;
  private final int[] toLeft;
  private final int[] toUp;
  private final int[] toUpLeft;
  private final int[] nearest;
  private final byte[] filtered;

  /** Before the first row of an image. */
  PaethFilter(RgbImage image) {
    this.rgb = image.rgb();
    this.rowBytes = image.rowBytes();
    this.row = new int[rowBytes];
    this.left = new int[rowBytes];
    this.up = new int[rowBytes];
    this.upLeft = new int[rowBytes];
    this.toLeft = new int[rowBytes];
    this.toUp = new int[rowBytes];
    this.toUpLeft = new int[rowBytes];
    this.nearest = new int[rowBytes];
    this.filtered = new byte[1 + rowBytes];
  }

  /**
   * The next row, with its filter's number before it. A row like the one above becomes zeros.
   *
   * @return borrowed until the next call
   */
  byte[] next() {
    int from = next * rowBytes;
    next++;
    read(from);
    if (from > 0 && Arrays.equals(rgb, from, from + rowBytes, rgb, from - rowBytes, from)) {
      Arrays.fill(filtered, (byte) 0);
      filtered[0] = UP;
    } else {
      filtered[0] = PAETH;
      predict();
      differ();
    }
    return filtered;
  }

  private void read(int from) {
    int[] lastRow = row;
    int[] lastLeft = left;
    row = up;
    left = upLeft;
    up = lastRow;
    upLeft = lastLeft;
    for (int i = 0; i < rowBytes; i++) {
      row[i] = rgb[from + i] & 0xFF;
    }
    System.arraycopy(row, 0, left, PIXEL, rowBytes - PIXEL);
  }

  /** A tie goes to left, then to up. */
  private void predict() {
    distances(up, upLeft, toLeft);
    distances(left, upLeft, toUp);
    for (int i = 0; i < rowBytes; i++) {
      toUpLeft[i] = Math.abs(left[i] + up[i] - upLeft[i] - upLeft[i]);
    }
    choose(up, toUp, upLeft, toUpLeft, nearest);
    for (int i = 0; i < rowBytes; i++) {
      toUp[i] = Math.min(toUp[i], toUpLeft[i]);
    }
    choose(left, toLeft, nearest, toUp, nearest);
  }

  private static void distances(int[] one, int[] other, int[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] = Math.abs(one[i] - other[i]);
    }
  }

  /** The second where it is nearer than the first: a sign, all ones or all zeros, chooses. */
  private static void choose(int[] first, int[] toFirst, int[] second, int[] toSecond, int[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] = first[i] ^ ((first[i] ^ second[i]) & ((toSecond[i] - toFirst[i]) >> SIGN));
    }
  }

  private void differ() {
    for (int i = 0; i < rowBytes; i++) {
      filtered[1 + i] = (byte) (row[i] - nearest[i]);
    }
  }
}
