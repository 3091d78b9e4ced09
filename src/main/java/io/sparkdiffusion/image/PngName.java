package io.sparkdiffusion.image;

/** File names of pictures: the same on every file system, and never the same for two pictures. */
public final class PngName {

  private PngName() {}

  /** {@code <encoded id>_<index>_<first 8 of the request hash>.png}. */
  public static String of(String id, int imageIndex, String requestHash) {
    throw new UnsupportedOperationException(id + imageIndex + requestHash);
  }

  /** {@code image_<index>.png}, for the pictures of {@code prompt=}. */
  public static String numbered(int imageIndex) {
    throw new UnsupportedOperationException(imageIndex + "");
  }
}
