package io.sparkdiffusion.request;

import java.util.List;

/** How an image that denoising starts from comes to the size that is asked for. */
public final class InitImageFit {

  /** It has that size already. */
  public static final String EXACT = "exact";

  /** It is stretched or shrunk. */
  public static final String RESIZE = "resize";

  /** It is cut on two sides to the shape that is asked for, and then resized. */
  public static final String CROP = "crop";

  static final List<String> WORDS = List.of(EXACT, RESIZE, CROP);

  private InitImageFit() {}
}
