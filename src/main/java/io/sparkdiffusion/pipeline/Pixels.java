package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a batch's images are when they come from the device: for each its pixels as bytes, as
 * diffusers' VaeImageProcessor makes them, and one byte that says whether they can be shown; and
 * how bytes become what an encoder takes.
 */
public final class Pixels {

  private Pixels() {}

  /**
   * Records decoding. Input: latents (B, C, h, w); result: for each image H x W x 3 bytes and one
   * that is 1 where all its latents and pixels are finite, else 0: (B, 3 H W + 1) uint8.
   *
   * @param dtype the type that the decoder computes in
   */
  public static Graph record(AutoencoderKlDecoder decoder, Dtype dtype, BatchShape shape) {
    Graph graph = new Graph("the VAE decoder");
    Tensor latents = graph.input(shape.batch(), shape.channels(), shape.height(), shape.width());
    return graph.returns(of(latents, decoder.decode(graph.scope(), latents, dtype)));
  }

  /**
   * (x · 0.5 + 0.5) clamped to 0 to 1, times 255, rounded half to even.
   *
   * @param latents (B, C, h, w)
   * @param images (B, 3, H, W) float32, about -1 to 1
   * @return (B, 3 H W + 1) uint8
   */
  static Tensor of(Tensor latents, Tensor images) {
    long batch = images.size(0);
    Tensor bytes = images.times(0.5).plus(0.5).clamp(0, 1).times(255).round().to(Dtype.UINT8);
    Tensor finite = latents.allFinite().times(images.allFinite()).to(Dtype.UINT8);
    return Tensor.cat(
        1,
        bytes.permute(0, 2, 3, 1).reshape(batch, images.shape().count() / batch),
        finite.reshape(batch, 1));
  }

  /**
   * Images as an encoder takes them: x / 255 · 2 - 1, as diffusers' VaeImageProcessor makes it.
   *
   * @param bytes (B, H, W, 3) uint8
   * @return (B, 3, H, W) float32, -1 to 1
   */
  static Tensor images(Tensor bytes) {
    return shares(bytes).times(2).plus(-1);
  }

  /**
   * Images as a ControlNet takes them: x / 255.
   *
   * @param bytes (B, H, W, 3) uint8
   * @return (B, 3, H, W) float32, 0 to 1
   */
  static Tensor shares(Tensor bytes) {
    return bytes.permute(0, 3, 1, 2).to(Dtype.FLOAT32).dividedBy(255);
  }

  /**
   * One image of a batch.
   *
   * @param all of the batch, row by row as recorded
   * @return H x W x 3 bytes, or empty where a latent or a pixel is not finite
   */
  static Optional<byte[]> rgb(byte[] all, int index, int batch) {
    int row = all.length / batch;
    int flag = (index + 1) * row - 1;
    return all[flag] == 0
        ? Optional.empty()
        : Optional.of(Arrays.copyOfRange(all, index * row, flag));
  }
}
