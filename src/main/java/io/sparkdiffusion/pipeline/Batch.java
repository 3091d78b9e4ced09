package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.image.Depth;
import io.sparkdiffusion.image.Mask;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.noise.TorchGenerator;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Requests that go through the UNet together, filled up with copies of the first, and each one's
 * own generator.
 */
final class Batch {

  private final List<ImageRequest> requests;
  private final List<TorchGenerator> generators;

  private Batch(List<ImageRequest> requests) {
    this.requests = requests;
    this.generators = requests.stream().map(request -> new TorchGenerator(request.seed())).toList();
  }

  /**
   * What all requests share.
   *
   * @throws IllegalArgumentException where there are none, or they do not share it
   */
  static BatchKey commonKey(List<ImageRequest> requests) {
    List<BatchKey> keys = requests.stream().map(ImageRequest::batchKey).distinct().toList();
    if (keys.size() != 1) {
      throw new IllegalArgumentException(
          "Cannot generate images: all must have the same steps, size, scheduler, eta and"
              + " guidance on or off (%s requests with %s such keys)"
                  .formatted(requests.size(), keys.size()));
    }
    return keys.get(0);
  }

  /** A batch of exactly {@code size} from at most as many requests with a common key. */
  static Batch of(List<ImageRequest> requests, int size) {
    List<ImageRequest> padded = new ArrayList<>(requests);
    padded.addAll(Collections.nCopies(size - requests.size(), requests.get(0)));
    return new Batch(padded);
  }

  List<ImageRequest> requests() {
    return requests;
  }

  BatchKey key() {
    return requests.get(0).batchKey();
  }

  /** The next values of each image's own noise: (B, count), row by row. */
  float[] noise(int count) {
    float[] all = new float[generators.size() * count];
    for (int i = 0; i < generators.size(); i++) {
      System.arraycopy(generators.get(i).randn(count), 0, all, i * count, count);
    }
    return all;
  }

  /**
   * An input image of each.
   *
   * @return (B, H, W, 3), row by row
   */
  byte[] pixels(InputImage input, InputPixels given) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    requests.forEach(request -> all.writeBytes(given.rgb(request, input)));
    return all.toByteArray();
  }

  /** The mask of each, of the images' size. */
  List<Mask> masks(InputPixels given) {
    return images(InputImage.MASK, given).map(Mask::of).toList();
  }

  /** The depth of each for its latents, one after another, -1 to 1; none of them is flat. */
  float[] depths(int compression, InputPixels given) {
    return joined(
        images(InputImage.DEPTH, given)
            .map(image -> Depth.of(image).ofLatents(compression).orElseThrow().near())
            .toList());
  }

  private Stream<RgbImage> images(InputImage input, InputPixels given) {
    return requests.stream().map(request -> image(request, input, given));
  }

  /** An input image of the size of what is made. */
  static RgbImage image(ImageRequest request, InputImage input, InputPixels given) {
    return new RgbImage(request.widthPixels(), request.heightPixels(), given.rgb(request, input));
  }

  private static float[] joined(List<float[]> parts) {
    float[] all = new float[parts.size() * parts.get(0).length];
    for (int i = 0; i < parts.size(); i++) {
      System.arraycopy(parts.get(i), 0, all, i * parts.get(i).length, parts.get(i).length);
    }
    return all;
  }

  /** The values of masks of one size, one after another: 1 where an image is painted anew. */
  static float[] painted(List<Mask> masks) {
    return joined(masks.stream().map(Mask::values).toList());
  }

  /** One number of each request: (B). */
  float[] values(ToDoubleFunction<ImageRequest> value) {
    float[] all = new float[requests.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) value.applyAsDouble(requests.get(i));
    }
    return all;
  }
}
