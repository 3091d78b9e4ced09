package io.sparkdiffusion.meaning;

/** The shapes of the drawn scenes, each in the unit square that bounds it, y downwards. */
enum Outline {
  CIRCLE {
    @Override
    boolean contains(double x, double y) {
      return fromCentre(x, y) <= 1;
    }
  },
  SQUARE {
    @Override
    boolean contains(double x, double y) {
      return true;
    }
  },
  TRIANGLE {
    @Override
    boolean contains(double x, double y) {
      return Math.abs(2 * x - 1) <= y;
    }
  },
  STAR {
    @Override
    boolean contains(double x, double y) {
      return insideStar(x, y);
    }
  },
  CROSS {
    @Override
    boolean contains(double x, double y) {
      return Math.abs(2 * x - 1) <= ARM || Math.abs(2 * y - 1) <= ARM;
    }
  },
  RING {
    @Override
    boolean contains(double x, double y) {
      return fromCentre(x, y) <= 1 && fromCentre(x, y) >= 0.5;
    }
  };

  private static final double ARM = 0.33;
  private static final double INNER_RADIUS = 0.42;
  private static final int POINTS = 10;

  /** Whether a point of the unit square belongs to the shape. */
  abstract boolean contains(double x, double y);

  /** Distance from the centre; 1 at the middle of a side. */
  private static double fromCentre(double x, double y) {
    return Math.hypot(2 * x - 1, 2 * y - 1);
  }

  /** By the even-odd rule, in the coordinates of a star of outer radius 1 around the origin. */
  private static boolean insideStar(double x, double y) {
    double halfWidth = Math.cos(Math.PI / POINTS);
    double foot = Math.cos(Math.PI / 5);
    double px = (2 * x - 1) * halfWidth;
    double py = y * (1 + foot) - 1;
    boolean inside = false;
    for (int i = 0; i < POINTS; i++) {
      double ax = corner(i, Math.PI / 2);
      double ay = corner(i, 0) * -1;
      double bx = corner(i + 1, Math.PI / 2);
      double by = corner(i + 1, 0) * -1;
      if ((ay > py) != (by > py) && px < (bx - ax) * (py - ay) / (by - ay) + ax) {
        inside = !inside;
      }
    }
    return inside;
  }

  /** A corner's distance along the direction that is {@code turned} clockwise from upwards. */
  private static double corner(int index, double turned) {
    double radius = index % 2 == 0 ? 1 : INNER_RADIUS;
    return radius * Math.cos(Math.PI * index / 5 - turned);
  }
}
