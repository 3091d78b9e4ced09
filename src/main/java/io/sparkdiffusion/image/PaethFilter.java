package io.sparkdiffusion.image;

import java.util.Arrays;

/**
 * Predicts each byte from its neighbours, the one nearest to left + up - upLeft, of equally near
 * ones the first (ISO/IEC 15948, 9.4), and keeps the differences. In a model's images they hardly
 * repeat, so a Huffman code alone makes them small (decision 0013).
 */
final class PaethFilter {

  private static final byte UP = 2;
  private static final byte PAETH = 4;
  private static final int PIXEL = RgbImage.CHANNELS;
  private static final int SIGN = Integer.SIZE - 1;

  private PaethFilter() {}

  /** All rows, each with its filter's number before it. A row like the one above becomes zeros. */
  static byte[] filtered(RgbImage image) {
    byte[] rgb = image.rgb();
    int rowBytes = image.rowBytes();
    byte[] out = new byte[(rowBytes + 1) * image.heightPixels()];
    for (int y = 0; y < image.heightPixels(); y++) {
      int from = y * rowBytes;
      int to = y * (rowBytes + 1);
      if (y == 0) {
        out[to] = PAETH;
        differFromLeft(rgb, rowBytes, out, to + 1);
      } else if (Arrays.equals(rgb, from, from + rowBytes, rgb, from - rowBytes, from)) {
        out[to] = UP;
      } else {
        out[to] = PAETH;
        differ(rgb, from, rowBytes, out, to + 1);
      }
    }
    return out;
  }

  /** The first row: outside the image all is black, so that left is the nearest. */
  private static void differFromLeft(byte[] rgb, int rowBytes, byte[] out, int to) {
    System.arraycopy(rgb, 0, out, to, PIXEL);
    for (int i = PIXEL; i < rowBytes; i++) {
      out[to + i] = (byte) (rgb[i] - rgb[i - PIXEL]);
    }
  }

  private static void differ(byte[] rgb, int from, int rowBytes, byte[] out, int to) {
    for (int i = 0; i < PIXEL; i++) {
      out[to + i] = (byte) (rgb[from + i] - rgb[from + i - rowBytes]);
    }
    for (int i = PIXEL; i < rowBytes; i++) {
      int left = rgb[from + i - PIXEL] & 0xFF;
      int up = rgb[from + i - rowBytes] & 0xFF;
      int upLeft = rgb[from + i - rowBytes - PIXEL] & 0xFF;
      out[to + i] = (byte) (rgb[from + i] - nearest(left, up, upLeft));
    }
  }

  /**
   * Without branches, which noise makes unforeseeable: a sign, all ones or all zeros, chooses. A
   * tie goes to left, then to up.
   */
  private static int nearest(int left, int up, int upLeft) {
    int toLeft = Math.abs(up - upLeft);
    int toUp = Math.abs(left - upLeft);
    int toUpLeft = Math.abs(left + up - 2 * upLeft);
    int isLeftFarther = ((toUp - toLeft) | (toUpLeft - toLeft)) >> SIGN;
    int isUpFarther = (toUpLeft - toUp) >> SIGN;
    int other = up ^ ((up ^ upLeft) & isUpFarther);
    return left ^ ((left ^ other) & isLeftFarther);
  }
}
