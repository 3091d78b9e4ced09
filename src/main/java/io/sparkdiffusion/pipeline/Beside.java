package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.torch.DeviceTensor;
import java.util.Optional;

/**
 * What a UNet is told beside latents, timestep and text, the same in every step; borrowed.
 *
 * @param channels that it sees behind the latents', (B, X, h, w) float32, without the sampler's
 *     factor
 * @param label the number of a class, (1) int64
 */
record Beside(Optional<DeviceTensor> channels, Optional<DeviceTensor> label) {

  /** Nothing. */
  static final Beside NONE = new Beside(Optional.empty(), Optional.empty());
}
