package io.sparkdiffusion.image;

import io.sparkdiffusion.util.Sha256;
import java.nio.charset.StandardCharsets;

/** File names of images: the same on every file system, and never the same for two images. */
public final class PngName {

  /**
   * File systems take 255 bytes; the rest is for the names around a file, such as Hadoop's {@code
   * .NAME.crc} and temporary names.
   */
  private static final int LONGEST = 200;

  private static final int INDEX_DIGITS = 10;
  private static final int HASH_DIGITS = 8;
  private static final int ID_ROOM = LONGEST - INDEX_DIGITS - HASH_DIGITS - "__.png".length();

  private PngName() {}

  /** {@code <encoded id>_<index>_<first 8 of the request hash>.png}. */
  public static String of(String id, int imageIndex, String requestHash) {
    return encoded(id) + "_" + imageIndex + "_" + requestHash.substring(0, HASH_DIGITS) + ".png";
  }

  /** {@code image_<index>.png}, for the images of {@code prompt=}. */
  public static String numbered(int imageIndex) {
    return "image_" + imageIndex + ".png";
  }

  /** Whether a file is called as {@link #of} does. */
  public static boolean isOfRequest(String fileName) {
    return fileName.matches("[a-z0-9~_-]*_\\d+_[0-9a-f]{8}\\.png");
  }

  /** Whether a file is called as {@link #numbered} does. */
  public static boolean isNumbered(String fileName) {
    return fileName.matches("image_\\d+\\.png");
  }

  /**
   * Lower-case ASCII letters, digits and, but for the first place, {@code - _} stay; every other
   * byte of UTF-8 becomes {@code ~} and two hex digits, so that ids that differ only in case differ
   * everywhere. A long id ends in {@code ~~} and 128 bits of its SHA-256.
   */
  static String encoded(String id) {
    StringBuilder name = new StringBuilder();
    for (byte b : id.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      if (isKept(c) || (!name.isEmpty() && (c == '-' || c == '_'))) {
        name.append(c);
      } else {
        name.append("~%02x".formatted((int) c));
      }
    }
    return name.length() <= ID_ROOM ? name.toString() : shortened(name.toString(), id);
  }

  private static boolean isKept(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  private static String shortened(String name, String id) {
    String tail = "~~" + Sha256.of(id).substring(0, 32);
    return name.substring(0, ID_ROOM - tail.length()) + tail;
  }
}
