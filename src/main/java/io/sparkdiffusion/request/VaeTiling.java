package io.sparkdiffusion.request;

/**
 * Which images are decoded in tiles: those that ask for it and are larger than a tile, and where
 * nobody says, large ones on a GPU. A request that has been settled says {@link #ON} where its
 * image is made of tiles, which makes it another image; {@link #OFF} only where a GPU would have
 * made it of tiles; else {@link #AUTO}, as before there were tiles.
 */
public final class VaeTiling {

  public static final String AUTO = "auto";
  public static final String ON = "on";
  public static final String OFF = "off";

  /** Larger images are decoded in tiles on a GPU: up to here one takes 1.75 GiB in 16 bits. */
  public static final long MOST_WHOLE_PIXELS = 1024L * 1024;

  private VaeTiling() {}

  /** What large images are where nobody says. */
  public enum Large {
    /** As on a CPU. */
    WHOLE,
    /** As on a GPU. */
    TILED
  }

  /**
   * A request that says what will be done.
   *
   * @param tilePixels a tile's side
   */
  public static ImageRequest settled(ImageRequest request, long tilePixels, Large large) {
    int height = request.heightPixels();
    int width = request.widthPixels();
    boolean isLarge = (long) height * width > MOST_WHOLE_PIXELS;
    boolean isMoreThanATile = height > tilePixels || width > tilePixels;
    String asked = request.values().get(Parameters.VAE_TILING);
    boolean isTiled = asked.equals(ON) || (asked.equals(AUTO) && isLarge && large == Large.TILED);
    if (isTiled && isMoreThanATile) {
      return request.with(Parameters.VAE_TILING.of(ON));
    }
    boolean isKeptWhole = asked.equals(OFF) && isLarge && isMoreThanATile;
    return request.with(Parameters.VAE_TILING.of(isKeptWhole ? OFF : AUTO));
  }
}
