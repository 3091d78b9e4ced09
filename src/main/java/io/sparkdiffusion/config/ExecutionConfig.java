package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * How pictures are computed.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param perDeviceBatchSize the fixed number of pictures in a batch
 */
public record ExecutionConfig(
    String device, Dtype weightsDtype, Dtype activationsDtype, int perDeviceBatchSize)
    implements Serializable {

  /** The one number format; weights and activations have the same. */
  public Dtype dtype() {
    return weightsDtype;
  }
}
