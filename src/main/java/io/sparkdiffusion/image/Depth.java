package io.sparkdiffusion.image;

import java.util.Optional;

/**
 * How near each pixel of an image is: the brighter, the nearer.
 *
 * @param near height x width numbers, row by row; borrowed
 */
@SuppressWarnings("ArrayRecordComponent") // A borrowed buffer; depths are not compared.
public record Depth(int widthPixels, int heightPixels, float[] near) {

  /** Of PyTorch's cubic convolution. */
  private static final double A = -0.75;

  private static final int TAPS = 4;

  /** The greys of an image, 0 to 255. */
  public static Depth of(RgbImage image) {
    float[] near = new float[image.widthPixels() * image.heightPixels()];
    for (int i = 0; i < near.length; i++) {
      near[i] = Luma.of(image.rgb(), RgbImage.CHANNELS * i);
    }
    return new Depth(image.widthPixels(), image.heightPixels(), near);
  }

  /**
   * The same for latents, -1 to 1 (diffusers, prepare_depth_map: bicubic, then stretched).
   *
   * @param compression pixels for each latent in one direction
   * @return nothing where all latents are equally near, of which diffusers makes NaN
   */
  public Optional<Depth> ofLatents(int compression) {
    int width = widthPixels / compression;
    int height = heightPixels / compression;
    double[] all = new double[width * height];
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < all.length; i++) {
      all[i] = between(i / width, i % width, compression);
      least = Math.min(least, all[i]);
      most = Math.max(most, all[i]);
    }
    if (least == most) {
      return Optional.empty();
    }
    float[] latents = new float[all.length];
    for (int i = 0; i < latents.length; i++) {
      latents[i] = (float) (2 * (all[i] - least) / (most - least) - 1);
    }
    return Optional.of(new Depth(width, height, latents));
  }

  /** Between the pixels around a latent's middle (torch.nn.functional.interpolate, bicubic). */
  private double between(int row, int column, int compression) {
    double y = (row + 0.5) * compression - 0.5;
    double x = (column + 0.5) * compression - 0.5;
    int top = (int) Math.floor(y) - 1;
    int left = (int) Math.floor(x) - 1;
    double sum = 0;
    for (int i = 0; i < TAPS; i++) {
      int line = Math.min(Math.max(top + i, 0), heightPixels - 1) * widthPixels;
      for (int k = 0; k < TAPS; k++) {
        int place = line + Math.min(Math.max(left + k, 0), widthPixels - 1);
        sum += weight(y - (top + i)) * weight(x - (left + k)) * near[place];
      }
    }
    return sum;
  }

  /** Keys' cubic convolution at a distance in pixels. */
  private static double weight(double distance) {
    double d = Math.abs(distance);
    return d <= 1 ? ((A + 2) * d - (A + 3)) * d * d + 1 : ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
  }
}
