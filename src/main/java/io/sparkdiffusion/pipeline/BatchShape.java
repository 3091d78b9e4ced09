package io.sparkdiffusion.pipeline;

/**
 * What decides the graphs of a batch.
 *
 * @param batch images, padding included
 * @param channels of the latents
 * @param height of the latents
 * @param width of the latents
 * @param guided whether each image has an unconditional half
 * @param noisy whether a step adds noise
 */
public record BatchShape(
    long batch, long channels, long height, long width, boolean guided, boolean noisy) {

  /** Rows of a UNet call. */
  long rows() {
    return guided ? 2 * batch : batch;
  }

  /** The same for a step that adds noise, or for one that does not. */
  BatchShape withNoise(boolean added) {
    return new BatchShape(batch, channels, height, width, guided, added);
  }

  /** The same size without guidance and noise, which the VAE does not know. */
  BatchShape plain() {
    return new BatchShape(batch, channels, height, width, false, false);
  }

  /** One image of this size. */
  BatchShape single() {
    return new BatchShape(1, channels, height, width, false, false);
  }

  /** The same for latents of another size. */
  BatchShape sized(long otherHeight, long otherWidth) {
    return new BatchShape(batch, channels, otherHeight, otherWidth, guided, noisy);
  }

  /** Values of one image's latents. */
  int latentCount() {
    return Math.toIntExact(channels * height * width);
  }
}
