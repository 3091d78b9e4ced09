package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.pipeline.Decoding.Decoded;
import io.sparkdiffusion.request.ImageRequest;
import java.util.List;
import java.util.function.Function;

/**
 * What the networks have made of a batch.
 *
 * @param latents (B, C, h, w)
 * @param batch the size that it was filled up to
 * @param decoded a image for each request, or why there is none
 */
record Finished(float[] latents, int batch, List<Decoded> decoded) {

  /** One request's result: its pixels as a image, or the reason why they are none. */
  ImageResult result(int index, ImageRequest request, Function<byte[], ImageResult> generated) {
    if (decoded.get(index) instanceof Decoded.Image image) {
      return Pixels.toRgb(latents, index, batch, image, request)
          .map(generated)
          .orElseGet(() -> notFinite(request));
    }
    return tooLarge(request, (Decoded.TooLarge) decoded.get(index));
  }

  private static ImageResult notFinite(ImageRequest request) {
    return new ImageResult.Failed(
        request,
        "Cannot keep image: UNet and VAE must give finite numbers (NaN or infinity); use"
            + " activations_dtype=bfloat16 or float32");
  }

  private static ImageResult tooLarge(ImageRequest request, Decoded.TooLarge decoded) {
    return new ImageResult.Failed(
        request,
        "Cannot decode the image: the device's memory must hold it alone (%s x %s: %s); make it smaller"
            .formatted(request.widthPixels(), request.heightPixels(), decoded.said()));
  }
}
