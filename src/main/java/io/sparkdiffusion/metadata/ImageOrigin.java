package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What decides an image's bytes beside its {@link GenerationParameters}; PNG files carry it as
 * JSON. Nothing in it depends on the machine, so equal images stay equal files.
 *
 * @param dtype {@code float32}, {@code bfloat16} or {@code float16}
 * @param schedulerConfig the full scheduler configuration
 * @param imageVersion {@link RequestHash#IMAGE_VERSION}
 */
public record ImageOrigin(
    String modelDigest, String dtype, Map<String, Object> schedulerConfig, int imageVersion) {

  /** Keeps a copy; values may be null as in JSON. */
  public ImageOrigin {
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

  /**
   * The inverse of {@link #toJson()}.
   *
   * @throws ProblemsException where it is none
   */
  public static ImageOrigin fromJson(String json) {
    Map<String, Object> map = StrictJson.parse(json, "an image's origin");
    if (map.get("model_digest") instanceof String digest
        && map.get("dtype") instanceof String dtype
        && map.get("scheduler_config") instanceof Map<?, ?>
        && map.get("image_version") instanceof Number version) {
      return new ImageOrigin(
          digest, dtype, StrictJson.object(map, "scheduler_config"), version.intValue());
    }
    throw new ProblemsException(
        "Cannot read an image's origin: it must hold model_digest, dtype, scheduler_config and"
            + " image_version (it holds %s)".formatted(Shown.some(map.keySet())));
  }
}
