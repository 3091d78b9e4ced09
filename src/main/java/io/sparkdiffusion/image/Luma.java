package io.sparkdiffusion.image;

/** How bright a pixel is: Pillow's {@code L}, ITU-R 601-2's luma in whole numbers (Convert.c). */
final class Luma {

  private Luma() {}

  /**
   * 0 to 255.
   *
   * @param at the place of the pixel's red
   */
  static int of(byte[] rgb, int at) {
    int red = rgb[at] & 0xFF;
    int green = rgb[at + 1] & 0xFF;
    int blue = rgb[at + 2] & 0xFF;
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
}
