package io.sparkdiffusion.metadata;

import java.io.Serializable;
import java.util.Map;

/**
 * How a picture came about: what decides its bytes beside the request itself.
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

  /** The software. */
  public record Versions(
      String sparkDiffusion, int imageVersion, String djl, String libtorch, String java)
      implements Serializable {}

  /**
   * The machine and how it was used.
   *
   * @param device {@code cpu} or {@code cuda:N}
   * @param deviceName the processor's or GPU's model
   * @param batchSize the size of the batch that the picture was in
   */
  public record Computation(
      String device, String deviceName, String dtype, int threads, int batchSize)
      implements Serializable {}

  /** JSON with sorted keys. */
  public String toJson() {
    throw new UnsupportedOperationException();
  }

  /** The inverse of {@link #toJson()}. */
  public static Provenance fromJson(String json) {
    throw new UnsupportedOperationException(json);
  }
}
