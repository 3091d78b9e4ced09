package io.sparkdiffusion.image;

/**
 * How a stored image is turned to stand upright, by EXIF's numbers (Pillow, {@code
 * exif_transpose}).
 *
 * @param transposed whether rows and columns are exchanged
 * @param fromRight whether stored columns are taken from the right
 * @param fromBottom whether stored rows are taken from the bottom
 */
record Orientation(boolean transposed, boolean fromRight, boolean fromBottom) {

  /** The number of an image that need not be turned. */
  static final int UPRIGHT = 1;

  /** By EXIF's number, 1 to 8. */
  static Orientation of(int number) {
    boolean transposed = number >= 5;
    boolean fromRight = number == 2 || number == 3 || number == 7 || number == 8;
    boolean fromBottom = number == 3 || number == 4 || number == 6 || number == 7;
    return new Orientation(transposed, fromRight, fromBottom);
  }

  /** The image as it is meant; itself where it is. */
  RgbImage upright(RgbImage stored) {
    if (!transposed && !fromRight && !fromBottom) {
      return stored;
    }
    int width = transposed ? stored.heightPixels() : stored.widthPixels();
    int height = transposed ? stored.widthPixels() : stored.heightPixels();
    byte[] turned = new byte[stored.rgb().length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int column = transposed ? y : x;
        int row = transposed ? x : y;
        column = fromRight ? stored.widthPixels() - 1 - column : column;
        row = fromBottom ? stored.heightPixels() - 1 - row : row;
        int from = RgbImage.CHANNELS * (row * stored.widthPixels() + column);
        int to = RgbImage.CHANNELS * (y * width + x);
        System.arraycopy(stored.rgb(), from, turned, to, RgbImage.CHANNELS);
      }
    }
    return new RgbImage(width, height, turned);
  }
}
