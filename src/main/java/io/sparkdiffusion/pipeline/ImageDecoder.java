package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.util.ResourceStack;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.Tiles;
import io.sparkdiffusion.vae.VaeConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The VAE's graphs on a device: images in a piece, or in tiles that one graph joins. */
final class ImageDecoder implements AutoCloseable {

  private final TorchDevice device;
  private final Tiles tiles;
  private final GraphCache<BatchShape> whole;
  private final GraphCache<BatchShape> parts;
  private final GraphCache<BatchShape> joined;

  /** Over borrowed weights, which are read for the first image. */
  ImageDecoder(TorchDevice device, VaeConfig config, WeightsOnDemand weights, Target target) {
    AutoencoderKlDecoder decoder = new AutoencoderKlDecoder(config);
    this.device = device;
    this.tiles = Tiles.ofDecoder(config);
    this.whole =
        new GraphCache<>(
            weights, shape -> target.apply(Pixels.record(decoder, target.dtype(), shape)));
    this.parts =
        new GraphCache<>(
            weights,
            shape ->
                target.apply(
                    decoder.record(target.dtype(), shape.batch(), shape.height(), shape.width())));
    this.joined = new GraphCache<>(device, this::recordJoining);
  }

  /**
   * The pixels of some of a batch.
   *
   * @param states (S B, C, h, w), whose first are the latents; borrowed
   * @param first the place of the first one in the batch
   * @param shape of those that are decoded
   * @return their bytes, as {@link Pixels} has them
   */
  byte[] decode(DeviceTensor states, int first, BatchShape shape, boolean inTiles) {
    return device.call(
        () -> {
          try (DeviceTensor latents = states.rows(first, shape.batch())) {
            return inTiles && tiles.areNeeded(shape.height(), shape.width())
                ? decodeTiles(latents, shape)
                : bytes(whole.get(shape), latents);
          }
        });
  }

  private byte[] decodeTiles(DeviceTensor latents, BatchShape shape) {
    try (ResourceStack own = new ResourceStack()) {
      List<DeviceTensor> inputs = new ArrayList<>(List.of(latents));
      for (Tiles.Tile tile : tiles.of(shape.height(), shape.width())) {
        try (DeviceTensor rows = latents.part(2, tile.top(), tile.height());
            DeviceTensor part = rows.part(3, tile.left(), tile.width())) {
          CompiledGraph decoder = parts.get(shape.sized(tile.height(), tile.width()));
          inputs.add(own.push(decoder.run(part)));
        }
      }
      return bytes(joined.get(shape), inputs.toArray(DeviceTensor[]::new));
    }
  }

  private static byte[] bytes(CompiledGraph graph, DeviceTensor... inputs) {
    try (DeviceTensor pixels = graph.run(inputs)) {
      return pixels.toBytes();
    }
  }

  /** Inputs: latents (B, C, h, w) and each tile's image; result: as {@link Pixels} has it. */
  private Graph recordJoining(BatchShape shape) {
    Graph graph = new Graph("the tiles of the VAE decoder");
    Tensor latents = graph.input(shape.batch(), shape.channels(), shape.height(), shape.width());
    List<Tiles.Tile> all = tiles.of(shape.height(), shape.width());
    long scale = tiles.outputs() / tiles.inputs();
    List<Tensor> images =
        all.stream()
            .map(tile -> graph.input(shape.batch(), 3, scale * tile.height(), scale * tile.width()))
            .toList();
    return graph.returns(Pixels.of(latents, tiles.joined(all, images)));
  }

  Duration compiling() {
    return whole.compiling().plus(parts.compiling()).plus(joined.compiling());
  }

  @Override
  public void close() {
    joined.close();
    parts.close();
    whole.close();
  }
}
