package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/**
 * From the latents of a batch to its images. A GPU, which one image of 512x512 fills, decodes one
 * after another: that takes a fraction of the memory, gives the VAE's bytes whatever the batch, and
 * lets the steps of a whole batch count where one of its images cannot be decoded.
 *
 * @param vae decodes latents of a shape: (B, C, h, w) to (B, 3, H, W)
 * @param freeMemory gives back what the device keeps for later
 * @param oneByOne whether images are decoded one by one
 */
record Decoding(
    BiFunction<float[], BatchShape, float[]> vae, Runnable freeMemory, boolean oneByOne) {

  /** One image, or why there is none. */
  sealed interface Decoded {

    /**
     * A image among others.
     *
     * @param images (B, 3, H, W)
     */
    record Image(float[] images, int index, int batch) implements Decoded {}

    /** No image. */
    record TooLarge(String said) implements Decoded {}
  }

  /**
   * Decodes the first images of a batch; the others fill it up.
   *
   * @param latents (B, C, h, w)
   * @param wanted how many
   * @throws OutOfDeviceMemoryException where images are decoded together and do not fit
   */
  List<Decoded> decode(float[] latents, BatchShape shape, int wanted) {
    if (!oneByOne) {
      float[] images = vae.apply(latents, shape.plain());
      int batch = Math.toIntExact(shape.batch());
      return IntStream.range(0, wanted)
          .<Decoded>mapToObj(i -> new Decoded.Image(images, i, batch))
          .toList();
    }
    int count = shape.latentCount();
    List<Decoded> decoded = new ArrayList<>(wanted);
    for (int i = 0; i < wanted; i++) {
      decoded.add(one(Arrays.copyOfRange(latents, i * count, (i + 1) * count), shape.single()));
    }
    return decoded;
  }

  /** Tries again once the UNet's memory, which the device keeps, is free. */
  private Decoded one(float[] latents, BatchShape shape) {
    try {
      return new Decoded.Image(vae.apply(latents, shape), 0, 1);
    } catch (OutOfDeviceMemoryException e) {
      freeMemory.run();
    }
    try {
      return new Decoded.Image(vae.apply(latents, shape), 0, 1);
    } catch (OutOfDeviceMemoryException e) {
      return new Decoded.TooLarge(e.said().orElse(e.getMessage()));
    }
  }
}
