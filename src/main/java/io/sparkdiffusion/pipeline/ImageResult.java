package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ImageRequest;
import java.time.Duration;

/** What became of one request. */
public sealed interface ImageResult {

  /** The request that this answers. */
  ImageRequest request();

  /**
   * An image.
   *
   * @param rgb height x width x 3 bytes, row by row
   * @param promptText how much of the prompt the encoder saw
   * @param negativeText the same for the negative prompt
   * @param inference the batch's wall time divided by the number of its real images
   */
  record Generated(
      ImageRequest request,
      byte[] rgb,
      TextUse promptText,
      TextUse negativeText,
      Duration inference)
      implements ImageResult {}

  /**
   * A request that gave no image.
   *
   * @param isNotFinite whether the networks gave NaN or infinity, which another device might not
   */
  record Failed(ImageRequest request, String reason, boolean isNotFinite) implements ImageResult {

    /** For another reason. */
    public Failed(ImageRequest request, String reason) {
      this(request, reason, false);
    }

    /** For numbers that are none. */
    public static Failed notFinite(ImageRequest request, String reason) {
      return new Failed(request, reason, true);
    }
  }

  /**
   * How much of a text the encoder saw.
   *
   * @param tokenCount tokens of the whole text, start and end included
   * @param lostText what was cut off, empty where all fitted
   */
  record TextUse(int tokenCount, String lostText) {}
}
