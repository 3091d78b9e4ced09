package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;

/** The pixels of input images, which do not travel with requests. */
public interface InputPixels {

  /** Where nobody has any. */
  InputPixels NONE =
      (request, input) -> {
        throw new IllegalStateException(
            "Cannot use %s: somebody must have read it (row %s)"
                .formatted(input.path(), request.id()));
      };

  /**
   * An input image that a request has.
   *
   * @return height x width x 3 bytes, of the size that is asked for
   */
  byte[] rgb(ImageRequest request, InputImage input);
}
