package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.StrictJson;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What decides a picture's bytes beside its {@link GenerationParameters}; PNG files carry it as
 * JSON. Nothing in it depends on the machine, so equal pictures stay equal files.
 *
 * @param dtype {@code float32}, {@code bfloat16} or {@code float16}
 * @param schedulerConfig the full scheduler configuration
 * @param imageVersion {@link RequestHash#IMAGE_VERSION}
 */
public record PictureOrigin(
    String modelDigest, String dtype, Map<String, Object> schedulerConfig, int imageVersion) {

  /** Keeps a copy; values may be null as in JSON. */
  public PictureOrigin {
    schedulerConfig = Collections.unmodifiableMap(new LinkedHashMap<>(schedulerConfig));
  }

  /** JSON with sorted keys. */
  public String toJson() {
    return StrictJson.canonical(
        Map.of(
            "model_digest",
            modelDigest,
            "dtype",
            dtype,
            "scheduler_config",
            schedulerConfig,
            "image_version",
            imageVersion));
  }

  /** The inverse of {@link #toJson()}. */
  public static PictureOrigin fromJson(String json) {
    Map<String, Object> map = StrictJson.parse(json, "a picture's origin");
    return new PictureOrigin(
        (String) map.get("model_digest"),
        (String) map.get("dtype"),
        StrictJson.object(map, "scheduler_config"),
        ((Number) map.get("image_version")).intValue());
  }
}
