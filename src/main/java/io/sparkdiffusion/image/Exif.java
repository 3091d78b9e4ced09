package io.sparkdiffusion.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What cameras write beside an image (Exif, a TIFF without pixels): only how it is held. */
final class Exif {

  private static final int LITTLE_ENDIAN = 0x4949;
  private static final int BIG_ENDIAN = 0x4D4D;
  private static final int ENTRY_BYTES = 12;
  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  private Exif() {}

  /** The orientation, 1 to 8; 1 where none is said or what is said is damaged. */
  static int orientation(ByteBuffer tiff) {
    try {
      int order = tiff.getShort(0);
      if (order != LITTLE_ENDIAN && order != BIG_ENDIAN) {
        return Orientation.UPRIGHT;
      }
      tiff.order(order == LITTLE_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      return orientation(tiff, tiff.getInt(4));
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      return Orientation.UPRIGHT;
    }
  }

  private static int orientation(ByteBuffer tiff, int directory) {
    int entries = tiff.getShort(directory) & 0xFFFF;
    for (int i = 0; i < entries; i++) {
      int entry = directory + 2 + i * ENTRY_BYTES;
      if (tiff.getShort(entry) == ORIENTATION && tiff.getShort(entry + 2) == SHORT) {
        int said = tiff.getShort(entry + 8);
        return said >= 1 && said <= 8 ? said : Orientation.UPRIGHT;
      }
    }
    return Orientation.UPRIGHT;
  }
}
