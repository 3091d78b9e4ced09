package io.sparkdiffusion.image;

/**
 * Which pixels of an image are painted anew.
 *
 * @param painted height x width bytes, row by row: 1 where it is painted anew, 0 where it stays;
 *     borrowed
 */
@SuppressWarnings("ArrayRecordComponent") // A borrowed buffer; masks are not compared.
public record Mask(int widthPixels, int heightPixels, byte[] painted) {

  /** The half of white: of 255 levels the first that is not below. */
  private static final int HALF = 128;

  /** What is at least half as bright as white (diffusers, VaeImageProcessor with do_binarize). */
  public static Mask of(RgbImage image) {
    byte[] painted = new byte[image.widthPixels() * image.heightPixels()];
    for (int i = 0; i < painted.length; i++) {
      painted[i] = (byte) (Luma.of(image.rgb(), RgbImage.CHANNELS * i) >= HALF ? 1 : 0);
    }
    return new Mask(image.widthPixels(), image.heightPixels(), painted);
  }

  /**
   * The same for latents, of each of which the first pixel decides (PyTorch's nearest
   * interpolation).
   *
   * @param compression pixels for each latent in one direction
   */
  public Mask ofLatents(int compression) {
    int width = widthPixels / compression;
    int height = heightPixels / compression;
    byte[] latents = new byte[width * height];
    for (int i = 0; i < latents.length; i++) {
      int row = i / width * compression;
      latents[i] = painted[row * widthPixels + i % width * compression];
    }
    return new Mask(width, height, latents);
  }

  /** The same as numbers, 1 where it is painted anew. */
  public float[] values() {
    float[] values = new float[painted.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = painted[i];
    }
    return values;
  }
}
