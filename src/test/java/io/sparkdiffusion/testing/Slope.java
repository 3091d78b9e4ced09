package io.sparkdiffusion.testing;

import java.util.List;

/** Of the line that is nearest to points (least squares). */
public final class Slope {

  private Slope() {}

  /** A measurement. */
  public record Point(double x, double y) {}

  /** By how much the line rises with each x. */
  public static double of(List<Point> points) {
    double meanX = points.stream().mapToDouble(Point::x).average().orElseThrow();
    double meanY = points.stream().mapToDouble(Point::y).average().orElseThrow();
    double product = points.stream().mapToDouble(p -> (p.x() - meanX) * (p.y() - meanY)).sum();
    return product / points.stream().mapToDouble(p -> (p.x() - meanX) * (p.x() - meanX)).sum();
  }
}
