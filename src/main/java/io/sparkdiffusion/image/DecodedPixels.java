package io.sparkdiffusion.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * What ImageIO has decoded as red, green and blue. The stored numbers count, not the colours that
 * Java's colour models take them for: those would apply curves that Pillow does not.
 */
final class DecodedPixels {

  private static final int OPAQUE = 255;

  private DecodedPixels() {}

  /**
   * The pixels over white (Pillow, {@code alpha_composite}).
   *
   * @param image of 1 to 4 bands of 8 or 16 bits, or of a palette
   */
  static RgbImage overWhite(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[RgbImage.CHANNELS * width * height];
    int[] argb = new int[width];
    for (int y = 0; y < height; y++) {
      row(image, y, argb);
      for (int x = 0; x < width; x++) {
        int alpha = argb[x] >>> 24;
        for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
          int value = argb[x] >> (16 - 8 * channel) & 0xFF;
          rgb[RgbImage.CHANNELS * (y * width + x) + channel] = (byte) overWhite(value, alpha);
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** In whole numbers as Pillow's AlphaComposite.c, whose seven more bits are rounded away. */
  private static int overWhite(int value, int alpha) {
    int sum = ((value * alpha + OPAQUE * (OPAQUE - alpha)) << 7) + (0x80 << 7);
    return (((sum >> 8) + sum) >> 8) >> 7;
  }

  /** Alpha, red, green and blue of each pixel of a row. */
  private static void row(BufferedImage image, int y, int[] argb) {
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    int[] samples = raster.getPixels(0, y, argb.length, 1, (int[]) null);
    int shift = raster.getTransferType() == DataBuffer.TYPE_USHORT ? 8 : 0;
    for (int x = 0; x < argb.length; x++) {
      argb[x] =
          image.getColorModel() instanceof IndexColorModel palette
              ? palette.getRGB(samples[x])
              : argb(samples, x * bands, bands, shift);
    }
  }

  /** Of grey, grey and alpha, colours, or colours and alpha. */
  private static int argb(int[] samples, int at, int bands, int shift) {
    boolean isGrey = bands < RgbImage.CHANNELS;
    boolean hasAlpha = bands == 2 || bands == 4;
    int alpha = hasAlpha ? samples[at + bands - 1] >> shift : OPAQUE;
    int red = samples[at] >> shift;
    int green = isGrey ? red : samples[at + 1] >> shift;
    int blue = isGrey ? red : samples[at + 2] >> shift;
    return alpha << 24 | red << 16 | green << 8 | blue;
  }
}
