package io.sparkdiffusion.image;

/**
 * An image of 8-bit pixels.
 *
 * @param rgb height x width x 3 bytes, row by row, borrowed
 */
@SuppressWarnings("ArrayRecordComponent") // A borrowed buffer; images are not compared.
public record RgbImage(int widthPixels, int heightPixels, byte[] rgb) {

  /** Red, green and blue. */
  static final int CHANNELS = 3;

  /** Checks that the bytes fit the size. */
  public RgbImage {
    if (widthPixels < 1 || heightPixels < 1 || rgb.length != 3L * widthPixels * heightPixels) {
      throw new IllegalArgumentException(
          "Cannot use pixels: %s bytes do not make %s x %s pixels of 3 bytes"
              .formatted(rgb.length, widthPixels, heightPixels));
    }
  }

  /** Bytes of one row. */
  int rowBytes() {
    return CHANNELS * widthPixels;
  }

  /** Whether all pixels are the same, as in the black image that an overflow gives. */
  public boolean isFlat() {
    for (int i = 3; i < rgb.length; i++) {
      if (rgb[i] != rgb[i - 3]) {
        return false;
      }
    }
    return true;
  }
}
