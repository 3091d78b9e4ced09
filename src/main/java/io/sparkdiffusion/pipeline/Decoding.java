package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * From the latents of a batch to its images. A GPU, which one image of 512x512 fills, decodes one
 * after another: that takes a fraction of the memory, gives the VAE's bytes whatever the batch, and
 * lets the steps of a whole batch count where one of its images cannot be decoded.
 *
 * @param freeMemory gives back what the device keeps for later
 * @param oneByOne whether images are decoded one by one
 */
record Decoding(Runnable freeMemory, boolean oneByOne) {

  /** Decodes some of a batch's latents. */
  interface Vae {

    /**
     * The pixels of images.
     *
     * @param first the place of the first one in the batch
     * @param shape of those that are decoded
     * @return their bytes, as {@link Pixels} has them
     */
    byte[] decode(int first, BatchShape shape);
  }

  /**
   * Decodes the first images of a batch; the others fill it up.
   *
   * @param wanted how many
   * @throws OutOfDeviceMemoryException where images are decoded together and do not fit
   */
  List<Decoded> decode(Vae vae, BatchShape shape, int wanted) {
    if (!oneByOne) {
      byte[] all = vae.decode(0, shape.plain());
      int batch = Math.toIntExact(shape.batch());
      return IntStream.range(0, wanted).mapToObj(i -> image(all, i, batch)).toList();
    }
    List<Decoded> decoded = new ArrayList<>(wanted);
    for (int i = 0; i < wanted; i++) {
      decoded.add(one(vae, i, shape.single()));
    }
    return decoded;
  }

  /** Tries again once the UNet's memory, which the device keeps, is free. */
  private Decoded one(Vae vae, int index, BatchShape shape) {
    try {
      return image(vae.decode(index, shape), 0, 1);
    } catch (OutOfDeviceMemoryException e) {
      freeMemory.run();
    }
    try {
      return image(vae.decode(index, shape), 0, 1);
    } catch (OutOfDeviceMemoryException e) {
      return new Decoded.TooLarge(e.said().orElse(e.getMessage()));
    }
  }

  private static Decoded image(byte[] all, int index, int batch) {
    return Pixels.rgb(all, index, batch)
        .<Decoded>map(Decoded.Image::new)
        .orElseGet(Decoded.NotFinite::new);
  }
}
