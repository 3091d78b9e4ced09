package io.sparkdiffusion.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Foretells each byte by that of the neighbour which is nearest to left + up - upLeft, of equally
 * near ones the first (ISO/IEC 15948, 9.4). Eight bytes at a time, in two halves of four, each in a
 * lane of 16 bits of a long: HotSpot makes no vector instructions of this, and its plain code takes
 * twice as long.
 */
final class PaethFilter {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long LOW_BYTES = 0x00FF_00FF_00FF_00FFL;
  private static final long LANE_SIGNS = 0x8000_8000_8000_8000L;
  private static final long BYTE_SIGNS = 0x8080_8080_8080_8080L;
  private static final int PIXEL = RgbImage.CHANNELS;

  private PaethFilter() {}

  /**
   * Writes a row's differences from what is foretold. Outside the picture all is black.
   *
   * @param from where the row begins; the one above begins {@code rowBytes} before
   * @param isTop whether there is no row above
   */
  static void filter(byte[] rgb, int from, int rowBytes, boolean isTop, byte[] out, int to) {
    int i = 0;
    for (; i < PIXEL; i++) {
      out[to + i] = (byte) (rgb[from + i] - (isTop ? 0 : rgb[from + i - rowBytes]));
    }
    if (!isTop) {
      for (; i + Long.BYTES <= rowBytes; i += Long.BYTES) {
        long left = (long) LONG.get(rgb, from + i - PIXEL);
        long up = (long) LONG.get(rgb, from + i - rowBytes);
        long upLeft = (long) LONG.get(rgb, from + i - rowBytes - PIXEL);
        LONG.set(out, to + i, minus((long) LONG.get(rgb, from + i), nearest(left, up, upLeft)));
      }
    }
    for (; i < rowBytes; i++) {
      int left = rgb[from + i - PIXEL] & 0xFF;
      int up = isTop ? 0 : rgb[from + i - rowBytes] & 0xFF;
      int upLeft = isTop ? 0 : rgb[from + i - rowBytes - PIXEL] & 0xFF;
      out[to + i] = (byte) (rgb[from + i] - nearestOfLanes(left, up, upLeft));
    }
  }

  /** How many bytes are zero, counted in groups of eight. */
  static int zeros(byte[] bytes) {
    int zeros = 0;
    for (int i = 0; i + Long.BYTES <= bytes.length; i += Long.BYTES) {
      zeros += (long) LONG.get(bytes, i) == 0 ? Long.BYTES : 0;
    }
    return zeros;
  }

  /** In each of eight bytes the nearest; at once where neighbours are the same, as in an area. */
  private static long nearest(long left, long up, long upLeft) {
    if (up == upLeft) {
      return left;
    }
    if (left == upLeft) {
      return up;
    }
    long even = nearestOfLanes(left & LOW_BYTES, up & LOW_BYTES, upLeft & LOW_BYTES);
    long odd =
        nearestOfLanes(
            (left >>> 8) & LOW_BYTES, (up >>> 8) & LOW_BYTES, (upLeft >>> 8) & LOW_BYTES);
    return even | odd << 8;
  }

  /** In each of four lanes, which hold 0 to 255. */
  private static long nearestOfLanes(long left, long up, long upLeft) {
    long toLeft = distance(up, upLeft);
    long toUp = distance(left, upLeft);
    long toUpLeft = distance(left + up, upLeft + upLeft);
    long isUp = isLess(toUp, toLeft);
    long nearer = left ^ ((left ^ up) & isUp);
    long toNearer = toLeft ^ ((toLeft ^ toUp) & isUp);
    return nearer ^ ((nearer ^ upLeft) & isLess(toUpLeft, toNearer));
  }

  /** The absolute difference in each lane. */
  private static long distance(long a, long b) {
    long difference = (a | LANE_SIGNS) - b;
    long negative = (~difference & LANE_SIGNS) >>> 15;
    return ((difference ^ LANE_SIGNS) ^ (negative << 16) - negative) + negative;
  }

  /** Ones in each lane where a is less than b, else zeros. */
  private static long isLess(long a, long b) {
    long less = (~((a | LANE_SIGNS) - b) & LANE_SIGNS) >>> 15;
    return (less << 16) - less;
  }

  /** In each of eight bytes, without borrowing from the next. */
  private static long minus(long a, long b) {
    return ((a | BYTE_SIGNS) - (b & ~BYTE_SIGNS)) ^ ((a ^ ~b) & BYTE_SIGNS);
  }
}
