package io.sparkdiffusion.meaning;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Connected pixels of an image.
 *
 * @param pixels positions, row by row
 * @param width the image's
 */
record Area(BitSet pixels, int width) {

  private static final int GRID = 32;

  /** The areas of at least {@code smallest} pixels that share sides, from the largest on. */
  static List<Area> of(BitSet mask, int width, int height, int smallest) {
    BitSet left = (BitSet) mask.clone();
    List<Area> areas = new ArrayList<>();
    for (int start = left.nextSetBit(0); start >= 0; start = left.nextSetBit(start)) {
      Area area = new Area(fill(left, start, width, height), width);
      if (area.pixels.cardinality() >= smallest) {
        areas.add(area);
      }
    }
    areas.sort(Comparator.comparingInt((Area area) -> area.pixels.cardinality()).reversed());
    return areas;
  }

  /** Takes the area around {@code start} out of {@code left}. */
  private static BitSet fill(BitSet left, int start, int width, int height) {
    BitSet area = new BitSet();
    Deque<Integer> open = new ArrayDeque<>(List.of(start));
    while (!open.isEmpty()) {
      int pixel = open.pop();
      if (!left.get(pixel)) {
        continue;
      }
      left.clear(pixel);
      area.set(pixel);
      int x = pixel % width;
      if (x > 0) {
        open.push(pixel - 1);
      }
      if (x < width - 1) {
        open.push(pixel + 1);
      }
      if (pixel >= width) {
        open.push(pixel - width);
      }
      if (pixel < width * (height - 1)) {
        open.push(pixel + width);
      }
    }
    return area;
  }

  double x() {
    return pixels.stream().mapToDouble(pixel -> pixel % width).average().orElseThrow();
  }

  double y() {
    return pixels.stream()
        .mapToDouble(pixel -> Math.floorDiv(pixel, width))
        .average()
        .orElseThrow();
  }

  /**
   * The shape whose outline, stretched to this area's bounding box, shares the largest part of
   * their union with it.
   */
  Outline shape() {
    Outline best = Outline.CIRCLE;
    for (Outline outline : Outline.values()) {
      if (intersectionOverUnion(outline) > intersectionOverUnion(best)) {
        best = outline;
      }
    }
    return best;
  }

  private double intersectionOverUnion(Outline outline) {
    int left = pixels.stream().map(pixel -> pixel % width).min().orElseThrow();
    int right = pixels.stream().map(pixel -> pixel % width).max().orElseThrow();
    int top = pixels.nextSetBit(0) / width;
    int bottom = (pixels.length() - 1) / width;
    int both = 0;
    int either = 0;
    for (int i = 0; i < GRID * GRID; i++) {
      double u = (i % GRID + 0.5) / GRID;
      double v = (Math.floorDiv(i, GRID) + 0.5) / GRID;
      int column = left + (int) (u * (right - left + 1));
      int row = top + (int) (v * (bottom - top + 1));
      boolean here = pixels.get(row * width + column);
      boolean expected = outline.contains(u, v);
      both += here && expected ? 1 : 0;
      either += here || expected ? 1 : 0;
    }
    return (double) both / either;
  }
}
