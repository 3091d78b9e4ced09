package io.sparkdiffusion.image;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The edges of an image (Canny 1986), as OpenCV's {@code cv2.Canny(image, 100, 200)} finds them: of
 * images prepared so ControlNets for edges have learnt. All numbers are whole, so that every pixel
 * is OpenCV's.
 */
public final class Canny {

  private static final int LOW = 100;
  private static final int HIGH = 200;

  /** tan 22.5° and what shifts it, as OpenCV has them. */
  private static final int SHIFT = 15;

  private static final int TANGENT = (int) (Math.tan(Math.PI / 8) * (1 << SHIFT) + 0.5);

  private static final byte WEAK = 1;
  private static final byte EDGE = 2;

  private final RgbImage image;
  private final int width;
  private final int height;
  private final int[] dx;
  private final int[] dy;

  /** |dx| + |dy|, with a frame of zeros. */
  private final int[] strength;

  private final byte[] marks;
  private final Deque<Integer> found = new ArrayDeque<>();

  private Canny(RgbImage image) {
    this.image = image;
    this.width = image.widthPixels();
    this.height = image.heightPixels();
    this.dx = new int[width * height];
    this.dy = new int[width * height];
    this.strength = new int[(width + 2) * (height + 2)];
    this.marks = new byte[width * height];
  }

  /** White edges on black, in an image of the same size. */
  public static RgbImage edges(RgbImage image) {
    Canny canny = new Canny(image);
    for (int y = 0; y < canny.height; y++) {
      for (int x = 0; x < canny.width; x++) {
        canny.differentiate(x, y);
      }
    }
    for (int y = 0; y < canny.height; y++) {
      for (int x = 0; x < canny.width; x++) {
        canny.mark(x, y);
      }
    }
    canny.follow();
    return canny.drawn();
  }

  /** Sobel's differences of the channel that differs most, the first of equals. */
  private void differentiate(int x, int y) {
    int at = y * width + x;
    int most = -1;
    for (int channel = 0; channel < 3; channel++) {
      int right = column(x + 1, y, channel);
      int left = column(x - 1, y, channel);
      int below = row(x, y + 1, channel);
      int above = row(x, y - 1, channel);
      int sum = Math.abs(right - left) + Math.abs(below - above);
      if (sum > most) {
        most = sum;
        dx[at] = right - left;
        dy[at] = below - above;
      }
    }
    strength[framed(x, y)] = most;
  }

  private int column(int x, int y, int channel) {
    return value(x, y - 1, channel) + 2 * value(x, y, channel) + value(x, y + 1, channel);
  }

  private int row(int x, int y, int channel) {
    return value(x - 1, y, channel) + 2 * value(x, y, channel) + value(x + 1, y, channel);
  }

  /** Beyond a border lies what lies on it. */
  private int value(int x, int y, int channel) {
    int inside = Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1);
    return image.rgb()[3 * inside + channel] & 0xFF;
  }

  private int framed(int x, int y) {
    return (y + 1) * (width + 2) + x + 1;
  }

  /** A pixel that is stronger than its neighbours across the edge may be one of it. */
  private void mark(int x, int y) {
    int here = strength[framed(x, y)];
    if (here <= LOW || !isRidge(x, y, here)) {
      return;
    }
    marks[y * width + x] = WEAK;
    if (here > HIGH) {
      add(x, y);
    }
  }

  private boolean isRidge(int x, int y, int here) {
    int across = dx[y * width + x];
    int down = dy[y * width + x];
    int flat = Math.abs(across) * TANGENT;
    int steep = flat + (Math.abs(across) << (SHIFT + 1));
    int slope = Math.abs(down) << SHIFT;
    if (slope < flat) {
      return here > strength[framed(x - 1, y)] && here >= strength[framed(x + 1, y)];
    }
    if (slope > steep) {
      return here > strength[framed(x, y - 1)] && here >= strength[framed(x, y + 1)];
    }
    int side = (across ^ down) < 0 ? -1 : 1;
    return here > strength[framed(x - side, y - 1)] && here > strength[framed(x + side, y + 1)];
  }

  private void add(int x, int y) {
    boolean isInside = x >= 0 && x < width && y >= 0 && y < height;
    if (isInside && marks[y * width + x] == WEAK) {
      marks[y * width + x] = EDGE;
      found.push(y * width + x);
    }
  }

  /** From the strong ones to the weak ones beside them. */
  private void follow() {
    while (!found.isEmpty()) {
      int at = found.pop();
      for (int neighbour = 0; neighbour < 9; neighbour++) {
        add(at % width + neighbour % 3 - 1, at / width + neighbour / 3 - 1);
      }
    }
  }

  private RgbImage drawn() {
    byte[] rgb = new byte[3 * marks.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (marks[i / 3] == EDGE ? 255 : 0);
    }
    return new RgbImage(width, height, rgb);
  }
}
