package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ImageRequest;
import java.util.Optional;

/** From the decoder's floats to bytes, as diffusers' VaeImageProcessor does. */
final class Pixels {

  private static final int CHANNELS = 3;

  private Pixels() {}

  /**
   * One image of a batch: (x · 0.5 + 0.5) clamped to 0 to 1, times 255, rounded half to even.
   *
   * @param latents (B, C, h, w)
   * @param decoded of the VAE, about -1 to 1
   * @return H x W x 3 bytes, or empty where a latent or a pixel is not finite
   */
  static Optional<byte[]> toRgb(
      float[] latents, int index, int batch, Decoding.Decoded.Image decoded, ImageRequest request) {
    float[] images = decoded.images();
    int plane = request.heightPixels() * request.widthPixels();
    int start = decoded.index() * CHANNELS * plane;
    if (!finite(latents, index, batch) || !finite(images, decoded.index(), decoded.batch())) {
      return Optional.empty();
    }
    byte[] rgb = new byte[CHANNELS * plane];
    for (int channel = 0; channel < CHANNELS; channel++) {
      for (int pixel = 0; pixel < plane; pixel++) {
        float value = images[start + channel * plane + pixel] * 0.5f + 0.5f;
        float clamped = Math.min(Math.max(value, 0), 1);
        rgb[pixel * CHANNELS + channel] = (byte) (int) Math.rint(clamped * 255f);
      }
    }
    return Optional.of(rgb);
  }

  private static boolean finite(float[] values, int index, int batch) {
    int count = values.length / batch;
    for (int i = index * count; i < (index + 1) * count; i++) {
      if (!Float.isFinite(values[i])) {
        return false;
      }
    }
    return true;
  }
}
