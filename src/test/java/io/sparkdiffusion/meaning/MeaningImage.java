package io.sparkdiffusion.meaning;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What an image shows: each pixel belongs to the nearest named colour; the background is the
 * commonest in a frame; objects are connected areas that differ from the background.
 *
 * @param rgb height x width x 3 bytes, row by row
 */
record MeaningImage(byte[] rgb, int width, int height) {

  private static final int FRAME = 6;
  private static final double DIFFERENT = 60;
  private static final int SMALLEST_PIXELS = 80;
  private static final int SKY_ROWS = 12;
  private static final int ROOF_ROW = 40;

  /**
   * An object, the largest first.
   *
   * @param x centre, in pixels from the left
   * @param y centre, in pixels from the top
   */
  record Shown(String colour, Outline shape, double x, double y) {}

  /** The commonest colour in the frame. */
  String background() {
    return commonest(frame());
  }

  /** What is there besides the background. */
  List<Shown> objects() {
    String background = background();
    double[] level = mean(frame().filter(pixel -> colour(pixel).equals(background)));
    BitSet different = mask(pixel -> distance(pixel, level) > DIFFERENT);
    return Area.of(different, width, height, SMALLEST_PIXELS).stream()
        .map(area -> new Shown(commonest(area.pixels().stream()), area.shape(), area.x(), area.y()))
        .toList();
  }

  /** Of a landscape: day or night, by its upper rows. */
  String sky() {
    double[] mean = mean(IntStream.range(0, SKY_ROWS * width));
    return Colour.nearest(Colour.SKIES, mean[0], mean[1], mean[2]).name();
  }

  /**
   * Of a landscape: the share of its sky above the roofs whose colour is nearer to a sunset's than
   * to those of day and night.
   */
  double skyAtSunset() {
    BitSet sunset =
        mask(
            pixel ->
                pixel < ROOF_ROW * width
                    && nearest(Colour.SKIES_AND_SUNSET, pixel).equals("sunset"));
    return (double) sunset.cardinality() / (ROOF_ROW * width);
  }

  /** Of a landscape by day: whether something larger in it has a named colour. */
  boolean landscapeShows(String name) {
    List<Colour> palette =
        Stream.concat(Colour.NAMED.stream(), Colour.SURROUNDINGS.stream()).toList();
    BitSet coloured = mask(pixel -> nearest(palette, pixel).equals(name));
    return !Area.of(coloured, width, height, SMALLEST_PIXELS).isEmpty();
  }

  /** The share of pixels with a named colour. */
  double share(String name) {
    return share(pixel -> colour(pixel).equals(name));
  }

  /** How often, down a column of pixels, one named colour is right above another. */
  long changes(int column, String above, String below) {
    return IntStream.range(0, height - 1)
        .map(row -> row * width + column)
        .filter(pixel -> colour(pixel).equals(above) && colour(pixel + width).equals(below))
        .count();
  }

  /** The share of pixels of which a channel is within two levels of its limits. */
  double overSaturated() {
    return share(
        pixel ->
            IntStream.range(0, 3)
                .map(channel -> value(pixel, channel))
                .anyMatch(value -> value <= 2 || value >= 253));
  }

  private double share(IntPredicate pixels) {
    return (double) mask(pixels).cardinality() / (width * height);
  }

  private IntStream frame() {
    return IntStream.range(0, width * height)
        .filter(
            pixel -> {
              int x = pixel % width;
              int y = pixel / width;
              return Math.min(x, y) < FRAME || x >= width - FRAME || y >= height - FRAME;
            });
  }

  private BitSet mask(IntPredicate pixels) {
    return IntStream.range(0, width * height)
        .filter(pixels)
        .collect(BitSet::new, BitSet::set, BitSet::or);
  }

  private String commonest(IntStream pixels) {
    Map<String, Integer> counts = new HashMap<>();
    pixels.forEach(pixel -> counts.merge(colour(pixel), 1, Integer::sum));
    return Colour.NAMED.stream()
        .map(Colour::name)
        .reduce((a, b) -> counts.getOrDefault(b, 0) > counts.getOrDefault(a, 0) ? b : a)
        .orElseThrow();
  }

  private String colour(int pixel) {
    return nearest(Colour.NAMED, pixel);
  }

  private String nearest(List<Colour> palette, int pixel) {
    return Colour.nearest(palette, value(pixel, 0), value(pixel, 1), value(pixel, 2)).name();
  }

  private double[] mean(IntStream pixels) {
    int[] all = pixels.toArray();
    double[] mean = new double[3];
    for (int pixel : all) {
      for (int channel = 0; channel < 3; channel++) {
        mean[channel] += (double) value(pixel, channel) / all.length;
      }
    }
    return mean;
  }

  private double distance(int pixel, double[] level) {
    double sum = 0;
    for (int channel = 0; channel < 3; channel++) {
      double difference = value(pixel, channel) - level[channel];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  private int value(int pixel, int channel) {
    return rgb[3 * pixel + channel] & 0xFF;
  }
}
