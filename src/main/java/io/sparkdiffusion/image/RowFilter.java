package io.sparkdiffusion.image;

import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * How the rows of a picture are filtered (ISO/IEC 15948, 9) and compressed. The whole picture is
 * done in one way, chosen by looking at some of its rows.
 */
enum RowFilter {
  /**
   * Paeth's differences with a Huffman code alone, for photographs and pictures of a model. Their
   * differences hardly repeat: zlib's search for repetitions makes larger files in more time. Of
   * the five filters Paeth's makes the smallest files; to choose anew in each row gains less than 1
   * %.
   */
  PHOTOGRAPH(true, 1, Deflater.HUFFMAN_ONLY),
  /** Paeth's differences with the fastest search, for areas of nearly one colour. */
  AREAS(true, 1, Deflater.DEFAULT_STRATEGY),
  /** Pixels as they are with a better search, for drawings, whose pixels repeat themselves. */
  DRAWING(false, 4, Deflater.DEFAULT_STRATEGY),
  /**
   * Pixels as they are with a Huffman code alone, where differences need more bits, as in noise.
   */
  NOISE(false, 1, Deflater.HUFFMAN_ONLY);

  private static final byte UP = 2;
  private static final byte PAETH = 4;

  private static final int ROWS_LOOKED_AT = 8;

  /**
   * Shares of the differences that are zero, counted in groups of eight. At the first a search
   * makes files about as small as a Huffman code alone does, at the second it needs no filter. In
   * pictures of the embedded model the share is 0.03 to 0.65, in a sheet of them 0.57, in plots and
   * pictures of windows 0.73 and more.
   */
  private static final double ZEROS_OF_AREAS = 0.45;

  private static final double ZEROS_OF_DRAWING = 0.7;

  private final boolean isFiltered;
  private final int level;
  private final int strategy;

  RowFilter(boolean isFiltered, int level, int strategy) {
    this.isFiltered = isFiltered;
    this.level = level;
    this.strategy = strategy;
  }

  /** The way that suits a picture. */
  static RowFilter of(RgbImage image) {
    int rowBytes = image.rowBytes();
    int[] pixels = new int[256];
    int[] differences = new int[256];
    byte[] row = new byte[rowBytes];
    int zeros = 0;
    int all = 0;
    int step = Math.max(1, image.heightPixels() / ROWS_LOOKED_AT);
    for (int y = step / 2; y < image.heightPixels(); y += step) {
      int from = y * rowBytes;
      PaethFilter.filter(image.rgb(), from, rowBytes, y == 0, row, 0);
      for (int i = 0; i < rowBytes; i++) {
        pixels[image.rgb()[from + i] & 0xFF]++;
        differences[row[i] & 0xFF]++;
      }
      zeros += PaethFilter.zeros(row);
      all += rowBytes;
    }
    if (zeros > ZEROS_OF_AREAS * all) {
      return zeros > ZEROS_OF_DRAWING * all ? DRAWING : AREAS;
    }
    return entropy(differences) < entropy(pixels) ? PHOTOGRAPH : NOISE;
  }

  /** Up to a factor and a summand that depend on the number of samples only. */
  private static double entropy(int[] counts) {
    return -Arrays.stream(counts).filter(n -> n > 0).mapToDouble(n -> n * Math.log(n)).sum();
  }

  /** All rows, each with its filter's number before it. A row like the one above becomes zeros. */
  byte[] filtered(RgbImage image) {
    byte[] rgb = image.rgb();
    int rowBytes = image.rowBytes();
    byte[] out = new byte[(rowBytes + 1) * image.heightPixels()];
    for (int y = 0; y < image.heightPixels(); y++) {
      int from = y * rowBytes;
      int to = y * (rowBytes + 1);
      if (!isFiltered) {
        System.arraycopy(rgb, from, out, to + 1, rowBytes);
      } else if (y > 0 && Arrays.equals(rgb, from, from + rowBytes, rgb, from - rowBytes, from)) {
        out[to] = UP;
      } else {
        out[to] = PAETH;
        PaethFilter.filter(rgb, from, rowBytes, y == 0, out, to + 1);
      }
    }
    return out;
  }

  /** A compressor for the filtered rows; the caller ends it. */
  Deflater deflater() {
    Deflater deflater = new Deflater(level);
    deflater.setStrategy(strategy);
    return deflater;
  }
}
