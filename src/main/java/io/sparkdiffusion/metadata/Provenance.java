package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.StrictJson;
import java.io.Serializable;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How an image came about: what decides its bytes beside the request itself.
 *
 * @param modelDigest of the model folder
 * @param schedulerConfig the full scheduler configuration
 * @param requestHash of {@link RequestHash}
 */
public record Provenance(
    Versions versions,
    Computation computation,
    String modelDigest,
    Map<String, Object> schedulerConfig,
    String requestHash)
    implements Serializable {

  /** Keeps a copy; a scheduler configuration can have null values. */
  public Provenance {
    schedulerConfig = Collections.unmodifiableMap(new LinkedHashMap<>(schedulerConfig));
  }

  /** The software. */
  public record Versions(
      String sparkDiffusion, int imageVersion, String djl, String libtorch, String java)
      implements Serializable {

    private Map<String, Object> toMap() {
      return Map.of(
          "spark_diffusion",
          sparkDiffusion,
          "image_version",
          imageVersion,
          "djl",
          djl,
          "libtorch",
          libtorch,
          "java",
          java);
    }

    private static Versions of(Map<String, Object> map) {
      return new Versions(
          text(map, "spark_diffusion"),
          integer(map, "image_version"),
          text(map, "djl"),
          text(map, "libtorch"),
          text(map, "java"));
    }
  }

  /**
   * The machine and how it was used.
   *
   * @param device {@code cpu} or {@code cuda:N}
   * @param deviceName the processor's or GPU's model
   * @param batchSize the size of the batch that the image was in
   */
  public record Computation(
      String device, String deviceName, String dtype, int threads, int batchSize)
      implements Serializable {

    /** The same for a batch of another size. */
    public Computation withBatchSize(int other) {
      return new Computation(device, deviceName, dtype, threads, other);
    }

    private Map<String, Object> toMap() {
      return Map.of(
          "device",
          device,
          "device_name",
          deviceName,
          "dtype",
          dtype,
          "threads",
          threads,
          "batch_size",
          batchSize);
    }

    private static Computation of(Map<String, Object> map) {
      return new Computation(
          text(map, "device"),
          text(map, "device_name"),
          text(map, "dtype"),
          integer(map, "threads"),
          integer(map, "batch_size"));
    }
  }

  /** The same for another image of the same run. */
  public Provenance withRequestHash(String hash) {
    return new Provenance(versions, computation, modelDigest, schedulerConfig, hash);
  }

  /** JSON with sorted keys. */
  public String toJson() {
    Map<String, Object> map = new HashMap<>();
    map.put("versions", versions.toMap());
    map.put("computation", computation.toMap());
    map.put("model_digest", modelDigest);
    map.put("scheduler_config", schedulerConfig);
    map.put("request_hash", requestHash);
    return StrictJson.canonical(map);
  }

  /** The inverse of {@link #toJson()}. */
  public static Provenance fromJson(String json) {
    Map<String, Object> map = StrictJson.parse(json, "provenance");
    return new Provenance(
        Versions.of(StrictJson.object(map, "versions")),
        Computation.of(StrictJson.object(map, "computation")),
        text(map, "model_digest"),
        StrictJson.object(map, "scheduler_config"),
        text(map, "request_hash"));
  }

  private static String text(Map<String, Object> map, String key) {
    return (String) map.get(key);
  }

  private static int integer(Map<String, Object> map, String key) {
    return ((Number) map.get(key)).intValue();
  }
}
