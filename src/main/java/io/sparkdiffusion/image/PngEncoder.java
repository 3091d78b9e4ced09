package io.sparkdiffusion.image;

import java.util.List;

/** Writes PNG files (ISO/IEC 15948): 8-bit RGB, the same bytes for the same input. */
public final class PngEncoder {

  private PngEncoder() {}

  /** A complete PNG file with the texts before the pixels. */
  public static byte[] encode(RgbImage image, List<PngText> texts) {
    throw new UnsupportedOperationException(image + texts.toString());
  }
}
