package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.util.ResourceStack;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.DiagonalGaussian;
import io.sparkdiffusion.vae.Tiles;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.vae.VaeEncoderConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The graphs of the VAE's encoder on a device: from pixels to latents, which stay there. Images are
 * encoded one after another, whatever the batch: that takes the memory of one and gives its bytes.
 */
final class ImageEncoder implements AutoCloseable {

  private final TorchDevice device;
  private final VaeConfig config;
  private final AutoencoderKlEncoder encoder;
  private final Tiles tiles;
  private final GraphCache<BatchShape> pixels;
  private final GraphCache<BatchShape> whole;
  private final GraphCache<BatchShape> parts;
  private final GraphCache<BatchShape> joined;
  private final GraphCache<BatchShape> batches;
  private final GraphCache<BatchShape> rests;
  private final GraphCache<BatchShape> besides;

  /** Over borrowed weights, which are read for the first image. */
  ImageEncoder(
      TorchDevice device, VaeEncoderConfig config, WeightsOnDemand weights, Target target) {
    this.device = device;
    this.config = config.vae();
    this.encoder = new AutoencoderKlEncoder(config);
    this.tiles = Tiles.ofEncoder(config.vae());
    this.pixels = new GraphCache<>(device, this::recordPixels);
    this.whole = new GraphCache<>(weights, shape -> target.apply(recordWhole(shape, target)));
    this.parts =
        new GraphCache<>(
            weights,
            size -> target.apply(encoder.record(target.dtype(), 1, size.height(), size.width())));
    this.joined = new GraphCache<>(device, this::recordJoining);
    this.batches = new GraphCache<>(device, ImageEncoder::recordBatch);
    this.rests = new GraphCache<>(device, this::recordRest);
    this.besides = new GraphCache<>(device, ImageEncoder::recordBeside);
  }

  /**
   * Copies a batch's images to the device.
   *
   * @param rgb the images one after another, each H x W x 3 bytes
   * @param shape of their latents
   * @return (B, 3, H, W) float32, -1 to 1; the caller closes it
   */
  DeviceTensor images(byte[] rgb, BatchShape shape) {
    try (DeviceTensor bytes =
        device.bytes(rgb, shape.batch(), height(shape), width(shape), VaeEncoderConfig.CHANNELS)) {
      return pixels.get(shape.plain()).run(bytes);
    }
  }

  /**
   * What masks leave of images.
   *
   * @param images (B, 3, H, W) float32, -1 to 1; borrowed
   * @param painted (B, 1, H, W) float32, 1 where an image is painted anew; borrowed
   * @param shape of the latents
   * @return (B, 3, H, W) float32, 0 where an image is painted anew; the caller closes it
   */
  DeviceTensor rest(DeviceTensor images, DeviceTensor painted, BatchShape shape) {
    return rests.get(shape.plain()).run(images, painted);
  }

  /**
   * What a UNet for inpainting sees beside the latents.
   *
   * @param mask (B, 1, h, w) float32; borrowed
   * @param latents of what it leaves, (B, C, h, w) float32; borrowed
   * @return (B, 1 + C, h, w) float32; the caller closes it
   */
  DeviceTensor beside(DeviceTensor mask, DeviceTensor latents, BatchShape shape) {
    return besides.get(shape.plain()).run(mask, latents);
  }

  /**
   * A sample of each image's latents, times the scaling factor (diffusers, {@code prepare_latents}
   * of the image-to-image pipeline).
   *
   * @param images (B, 3, H, W) float32, -1 to 1; borrowed
   * @param noise (B, C, h, w) float32, for each image the first that its generator gives; borrowed
   * @param shape of the latents
   * @return (B, C, h, w) float32; the caller closes it
   */
  DeviceTensor encode(DeviceTensor images, DeviceTensor noise, BatchShape shape, boolean inTiles) {
    return device.call(
        () -> {
          if (shape.batch() == 1) {
            return encodeOne(images, noise, shape.single(), inTiles);
          }
          try (ResourceStack own = new ResourceStack()) {
            List<DeviceTensor> latents = new ArrayList<>();
            for (int i = 0; i < shape.batch(); i++) {
              DeviceTensor image = own.push(images.rows(i, 1));
              DeviceTensor its = own.push(noise.rows(i, 1));
              latents.add(own.push(encodeOne(image, its, shape.single(), inTiles)));
            }
            return batches.get(shape.plain()).run(latents.toArray(DeviceTensor[]::new));
          }
        });
  }

  private DeviceTensor encodeOne(
      DeviceTensor image, DeviceTensor noise, BatchShape shape, boolean inTiles) {
    return inTiles && tiles.areNeeded(height(shape), width(shape))
        ? encodeTiles(image, noise, shape)
        : whole.get(shape).run(image, noise);
  }

  private DeviceTensor encodeTiles(DeviceTensor image, DeviceTensor noise, BatchShape shape) {
    try (ResourceStack own = new ResourceStack()) {
      List<DeviceTensor> inputs = new ArrayList<>(List.of(noise));
      for (Tiles.Tile tile : tiles.of(height(shape), width(shape))) {
        try (DeviceTensor rows = image.part(2, tile.top(), tile.height());
            DeviceTensor part = rows.part(3, tile.left(), tile.width())) {
          CompiledGraph graph = parts.get(shape.sized(tile.height(), tile.width()));
          inputs.add(own.push(graph.run(part)));
        }
      }
      return joined.get(shape).run(inputs.toArray(DeviceTensor[]::new));
    }
  }

  private Graph recordPixels(BatchShape shape) {
    Graph graph = new Graph("the pixels of images");
    return graph.returns(
        Pixels.images(
            graph.input(shape.batch(), height(shape), width(shape), VaeEncoderConfig.CHANNELS)));
  }

  /** Inputs: an image (1, 3, H, W) and noise (1, C, h, w); result: its latents (1, C, h, w). */
  private Graph recordWhole(BatchShape shape, Target target) {
    Graph graph = new Graph("the VAE encoder");
    Tensor image = graph.input(1, VaeEncoderConfig.CHANNELS, height(shape), width(shape));
    Tensor noise = graph.input(1, shape.channels(), shape.height(), shape.width());
    Tensor moments = encoder.encode(graph.scope(), image, target.dtype());
    return graph.returns(latents(moments, noise));
  }

  /** Inputs: noise (1, C, h, w) and each tile's moments; result: latents (1, C, h, w). */
  private Graph recordJoining(BatchShape shape) {
    Graph graph = new Graph("the tiles of the VAE encoder");
    Tensor noise = graph.input(1, shape.channels(), shape.height(), shape.width());
    List<Tiles.Tile> all = tiles.of(height(shape), width(shape));
    long scale = config.compression();
    List<Tensor> moments =
        all.stream()
            .map(
                tile ->
                    graph.input(
                        1, 2 * shape.channels(), tile.height() / scale, tile.width() / scale))
            .toList();
    return graph.returns(latents(tiles.joined(all, moments), noise));
  }

  private Tensor latents(Tensor moments, Tensor noise) {
    return DiagonalGaussian.of(moments).sample(noise).times(config.scalingFactor());
  }

  /** Inputs: the latents of each image; result: those of the batch. */
  private static Graph recordBatch(BatchShape shape) {
    Graph graph = new Graph("the batch's latents");
    Tensor[] all = new Tensor[Math.toIntExact(shape.batch())];
    for (int i = 0; i < all.length; i++) {
      all[i] = graph.input(1, shape.channels(), shape.height(), shape.width());
    }
    return graph.returns(Tensor.cat(0, all));
  }

  private Graph recordRest(BatchShape shape) {
    Graph graph = new Graph("the rest of masked images");
    Tensor images =
        graph.input(shape.batch(), VaeEncoderConfig.CHANNELS, height(shape), width(shape));
    Tensor painted = graph.input(shape.batch(), 1, height(shape), width(shape));
    return graph.returns(images.times(painted.times(-1).plus(1)));
  }

  private static Graph recordBeside(BatchShape shape) {
    Graph graph = new Graph("masks and what they leave");
    Tensor mask = graph.input(shape.batch(), 1, shape.height(), shape.width());
    Tensor latents = graph.input(shape.batch(), shape.channels(), shape.height(), shape.width());
    return graph.returns(Tensor.cat(1, mask, latents));
  }

  private long height(BatchShape shape) {
    return shape.height() * config.compression();
  }

  private long width(BatchShape shape) {
    return shape.width() * config.compression();
  }

  Duration compiling() {
    return pixels
        .compiling()
        .plus(whole.compiling())
        .plus(parts.compiling())
        .plus(joined.compiling())
        .plus(batches.compiling())
        .plus(rests.compiling())
        .plus(besides.compiling());
  }

  @Override
  public void close() {
    besides.close();
    rests.close();
    batches.close();
    joined.close();
    parts.close();
    whole.close();
    pixels.close();
  }
}
