package io.sparkdiffusion.image;

/** How an image that is begun with gets the size of the one that is made. */
public enum ImageFit {
  /** It must have that size. */
  EXACT {
    @Override
    public RgbImage fitted(RgbImage image, int widthPixels, int heightPixels) {
      if (image.widthPixels() != widthPixels || image.heightPixels() != heightPixels) {
        throw new UnreadableImageException(
            "it must be %s x %s pixels, or init_image_fit must be resize or crop"
                .formatted(widthPixels, heightPixels),
            "%s x %s".formatted(image.widthPixels(), image.heightPixels()));
      }
      return image;
    }
  },
  /** It is resampled, its sides each by a factor of its own (diffusers' usual way). */
  RESIZE {
    @Override
    public RgbImage fitted(RgbImage image, int widthPixels, int heightPixels) {
      RgbImage wide = Lanczos.columns(image, widthPixels, 0, widthPixels);
      return Lanczos.rows(wide, heightPixels, 0, heightPixels);
    }
  },
  /**
   * It is resampled so that it just covers the size, and what stands out of the middle is cut off
   * (diffusers' {@code resize_mode="crop"}).
   */
  CROP {
    @Override
    public RgbImage fitted(RgbImage image, int widthPixels, int heightPixels) {
      long width = image.widthPixels();
      long height = image.heightPixels();
      boolean isTaller = (double) widthPixels / heightPixels > (double) width / height;
      int coveringWidth = isTaller ? widthPixels : (int) (width * heightPixels / height);
      int coveringHeight = isTaller ? (int) (height * widthPixels / width) : heightPixels;
      int left = coveringWidth / 2 - widthPixels / 2;
      int top = coveringHeight / 2 - heightPixels / 2;
      RgbImage wide = Lanczos.columns(image, coveringWidth, left, widthPixels);
      return Lanczos.rows(wide, coveringHeight, top, heightPixels);
    }
  };

  /**
   * The image in a size.
   *
   * @throws UnreadableImageException where it must have that size and has another
   */
  public abstract RgbImage fitted(RgbImage image, int widthPixels, int heightPixels);
}
