package io.sparkdiffusion.metadata;

import io.sparkdiffusion.prompt.ImageRequest;
import java.util.Map;

/** The name of a picture's content: equal hashes promise the same picture. */
public final class RequestHash {

  /** Counts up when the code makes another picture of the same request. */
  public static final int IMAGE_VERSION = 1;

  private RequestHash() {}

  /**
   * SHA-256 in hex over everything that decides the picture; the row's id, the device, the threads
   * and the batch size are not part of it.
   *
   * @param schedulerConfig the full scheduler configuration, overrides applied
   * @param dtype {@code float32}, {@code bfloat16} or {@code float16}
   * @param modelDigest of the model folder
   */
  public static String of(
      ImageRequest request, Map<String, ?> schedulerConfig, String dtype, String modelDigest) {
    throw new UnsupportedOperationException(request.id() + schedulerConfig + dtype + modelDigest);
  }
}
