package io.sparkdiffusion.image;

/**
 * Lanczos resampling with three lobes as Pillow computes it (Resample.c): the filter grows with the
 * reduction, rows are resampled before columns, and sums are whole numbers of 22 bits behind the
 * point. The result is Pillow's, byte for byte.
 */
final class Lanczos {

  private static final double LOBES = 3;
  private static final int FRACTION_BITS = 22;

  /** For each result in one direction the first number that it is made of. */
  private final int[] first;

  /** For each result the factors of those numbers. */
  private final int[][] factors;

  /**
   * Some columns of the image in another width.
   *
   * @param widthPixels of the whole result
   * @param left the first column that is computed
   * @param columns how many are
   */
  static RgbImage columns(RgbImage image, int widthPixels, int left, int columns) {
    return widthPixels == image.widthPixels() && columns == widthPixels
        ? image
        : new Lanczos(image.widthPixels(), widthPixels, left, columns).alongRows(image);
  }

  /** The same of rows in another height. */
  static RgbImage rows(RgbImage image, int heightPixels, int top, int rows) {
    return heightPixels == image.heightPixels() && rows == heightPixels
        ? image
        : new Lanczos(image.heightPixels(), heightPixels, top, rows).alongColumns(image);
  }

  private Lanczos(int from, int to, int begin, int count) {
    first = new int[count];
    factors = new int[count][];
    double scale = (double) from / to;
    double filterScale = Math.max(1, scale);
    double support = LOBES * filterScale;
    for (int i = 0; i < count; i++) {
      double centre = (begin + i + 0.5) * scale;
      first[i] = Math.max(0, (int) (centre - support + 0.5));
      int end = Math.min(from, (int) (centre + support + 0.5));
      double[] weights = new double[end - first[i]];
      double sum = 0;
      for (int j = 0; j < weights.length; j++) {
        weights[j] = lanczos((j + first[i] - centre + 0.5) * (1 / filterScale));
        sum += weights[j];
      }
      factors[i] = whole(weights, sum);
    }
  }

  private static int[] whole(double[] weights, double sum) {
    int[] whole = new int[weights.length];
    for (int j = 0; j < whole.length; j++) {
      double weight = (sum == 0 ? weights[j] : weights[j] / sum) * (1 << FRACTION_BITS);
      whole[j] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    return whole;
  }

  private static double lanczos(double x) {
    return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
  }

  private RgbImage alongRows(RgbImage image) {
    int width = first.length;
    byte[] rgb = new byte[RgbImage.CHANNELS * width * image.heightPixels()];
    for (int y = 0; y < image.heightPixels(); y++) {
      int row = y * image.rowBytes();
      for (int i = 0; i < RgbImage.CHANNELS * width; i++) {
        int x = i / RgbImage.CHANNELS;
        int begin = row + RgbImage.CHANNELS * first[x] + i % RgbImage.CHANNELS;
        rgb[RgbImage.CHANNELS * width * y + i] = sum(image.rgb(), begin, RgbImage.CHANNELS, x);
      }
    }
    return new RgbImage(width, image.heightPixels(), rgb);
  }

  private RgbImage alongColumns(RgbImage image) {
    int stride = image.rowBytes();
    byte[] rgb = new byte[stride * first.length];
    for (int y = 0; y < first.length; y++) {
      for (int i = 0; i < stride; i++) {
        rgb[stride * y + i] = sum(image.rgb(), stride * first[y] + i, stride, y);
      }
    }
    return new RgbImage(image.widthPixels(), first.length, rgb);
  }

  private byte sum(byte[] values, int begin, int stride, int result) {
    int sum = 1 << (FRACTION_BITS - 1);
    int[] own = factors[result];
    for (int j = 0; j < own.length; j++) {
      sum += (values[begin + j * stride] & 0xFF) * own[j];
    }
    return (byte) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
  }
}
