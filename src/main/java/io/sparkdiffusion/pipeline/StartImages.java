package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ImageRequest;

/** The pixels of the images that denoising starts from, which do not travel with requests. */
public interface StartImages {

  /** Where all start from noise. */
  StartImages NONE =
      request -> {
        throw new IllegalStateException(
            "Cannot start from an image: somebody must have read it (row " + request.id() + ")");
      };

  /**
   * The image of a request that starts from one.
   *
   * @return height x width x 3 bytes, of the size that is asked for
   */
  byte[] rgb(ImageRequest request);
}
