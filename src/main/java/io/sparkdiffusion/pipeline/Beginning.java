package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.torch.DeviceTensor;
import java.util.Optional;

/**
 * What the denoising of a batch begins with; its tensors are borrowed.
 *
 * @param noise of each image, (B, C, h, w) row by row, standard normal
 * @param image latents of input images without noise, (B, C, h, w) float32; nothing where noise
 *     alone is begun with
 * @param mask where these are painted anew, (B, 1, h, w) float32, 1 or 0; nothing where no step
 *     puts them back
 * @param beside what the UNet is told of input images
 */
@SuppressWarnings("ArrayRecordComponent") // Borrowed; nobody compares them.
record Beginning(
    float[] noise, Optional<DeviceTensor> image, Optional<DeviceTensor> mask, Beside beside) {

  /** Noise alone. */
  Beginning(float[] noise) {
    this(noise, Optional.empty(), Optional.empty(), Beside.NONE);
  }
}
