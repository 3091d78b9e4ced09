package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ImageRequest;
import java.util.function.Function;

/** What the networks have made of one request: its image, or why there is none. */
sealed interface Decoded {

  /**
   * The request's result.
   *
   * @param generated makes it of pixels, H x W x 3 bytes
   */
  ImageResult result(ImageRequest request, Function<byte[], ImageResult> generated);

  /**
   * An image.
   *
   * @param rgb H x W x 3 bytes
   */
  record Image(byte[] rgb) implements Decoded {

    @Override
    public ImageResult result(ImageRequest request, Function<byte[], ImageResult> generated) {
      return generated.apply(rgb);
    }
  }

  /** A latent or a pixel is NaN or infinite. */
  record NotFinite() implements Decoded {

    @Override
    public ImageResult result(ImageRequest request, Function<byte[], ImageResult> generated) {
      return ImageResult.Failed.notFinite(
          request,
          "Cannot keep image: UNet and VAE must give finite numbers (NaN or infinity); use"
              + " activations_dtype=bfloat16 or float32");
    }
  }

  /**
   * The device's memory does not suffice.
   *
   * @param said by the device
   */
  record TooLarge(String said) implements Decoded {

    @Override
    public ImageResult result(ImageRequest request, Function<byte[], ImageResult> generated) {
      return new ImageResult.Failed(
          request,
          "Cannot decode the image: the device's memory must hold it alone (%s x %s: %s); make it smaller"
              .formatted(request.widthPixels(), request.heightPixels(), said));
    }
  }
}
