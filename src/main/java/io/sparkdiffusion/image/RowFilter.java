package io.sparkdiffusion.image;

/**
 * Replaces pixels by their difference from what their neighbours foretell (ISO/IEC 15948, 9): row
 * by row Average or Paeth, whichever leaves the smaller sum of absolute differences. On pictures
 * the other filters make files no smaller and cost time.
 */
final class RowFilter {

  private static final int BYTES_PER_PIXEL = 3;
  private static final byte AVERAGE = 3;
  private static final byte PAETH = 4;

  private final int rowBytes;

  /** The row above and this one, each with a black pixel before it. */
  private byte[] above;

  private byte[] current;

  private RowFilter(int rowBytes) {
    this.rowBytes = rowBytes;
    above = new byte[rowBytes + BYTES_PER_PIXEL];
    current = new byte[rowBytes + BYTES_PER_PIXEL];
  }

  /** All rows, each with the filter's number before it. */
  static byte[] filtered(RgbImage image) {
    int rowBytes = BYTES_PER_PIXEL * image.widthPixels();
    RowFilter filter = new RowFilter(rowBytes);
    byte[] out = new byte[(rowBytes + 1) * image.heightPixels()];
    for (int y = 0; y < image.heightPixels(); y++) {
      filter.next(image.rgb(), y * rowBytes, out, y * (rowBytes + 1));
    }
    return out;
  }

  private void next(byte[] rgb, int from, byte[] out, int to) {
    System.arraycopy(rgb, from, current, BYTES_PER_PIXEL, rowBytes);
    byte[] average = average();
    byte[] paeth = paeth();
    boolean isAverage = cost(average) < cost(paeth);
    out[to] = isAverage ? AVERAGE : PAETH;
    System.arraycopy(isAverage ? average : paeth, 0, out, to + 1, rowBytes);
    byte[] free = above;
    above = current;
    current = free;
  }

  private byte[] average() {
    byte[] differences = new byte[rowBytes];
    for (int i = 0; i < rowBytes; i++) {
      int left = current[i] & 0xFF;
      int up = above[i + BYTES_PER_PIXEL] & 0xFF;
      differences[i] = (byte) (current[i + BYTES_PER_PIXEL] - ((left + up) >> 1));
    }
    return differences;
  }

  private byte[] paeth() {
    byte[] differences = new byte[rowBytes];
    for (int i = 0; i < rowBytes; i++) {
      int left = current[i] & 0xFF;
      int up = above[i + BYTES_PER_PIXEL] & 0xFF;
      int upLeft = above[i] & 0xFF;
      differences[i] = (byte) (current[i + BYTES_PER_PIXEL] - nearest(left, up, upLeft));
    }
    return differences;
  }

  /** Which of the three is nearest to left + up - upLeft; of equals the first. */
  private static int nearest(int left, int up, int upLeft) {
    int toLeft = Math.abs(up - upLeft);
    int toUp = Math.abs(left - upLeft);
    int toUpLeft = Math.abs(left + up - 2 * upLeft);
    if (toLeft <= toUp && toLeft <= toUpLeft) {
      return left;
    }
    return toUp <= toUpLeft ? up : upLeft;
  }

  private static int cost(byte[] differences) {
    int sum = 0;
    for (byte difference : differences) {
      sum += Math.abs(difference);
    }
    return sum;
  }
}
