package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.util.Sha256;
import java.util.HashMap;
import java.util.Map;

/** The name of an image's content: equal hashes promise the same image. */
public final class RequestHash {

  /** Counts up when the code makes another image of the same request. */
  public static final int IMAGE_VERSION = 1;

  private RequestHash() {}

  /**
   * SHA-256 in hex over everything that decides the image; the row's id, the device, the threads
   * and the batch size are not part of it.
   *
   * @param schedulerConfig the full scheduler configuration, overrides applied
   * @param dtype {@code float32}, {@code bfloat16} or {@code float16}
   * @param modelDigest of the model folder
   */
  public static String of(
      ImageRequest request, Map<String, ?> schedulerConfig, String dtype, String modelDigest) {
    Map<String, Object> parts = new HashMap<>(request.canonical());
    parts.put("scheduler_config", schedulerConfig);
    parts.put("dtype", dtype);
    parts.put("model_digest", modelDigest);
    parts.put("image_version", IMAGE_VERSION);
    if (request.guidanceScale() < 1) {
      // Images with the negative prompt's share bear the hash without this part.
      parts.put("guidance", "none");
    }
    return Sha256.of(StrictJson.canonical(parts));
  }
}
