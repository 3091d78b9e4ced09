package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.family.Upscaling;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.sampler.NoiseLevel;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.Optional;

/**
 * The images that a batch makes larger, as an upscaling UNet sees them: of the latents' size, under
 * noise (diffusers, StableDiffusionUpscalePipeline).
 */
final class SmallImages implements AutoCloseable {

  private final TorchDevice device;
  private final Upscaling upscaling;
  private final GraphCache<BatchShape> noised;

  /** On a borrowed device. */
  SmallImages(TorchDevice device, Upscaling upscaling) {
    this.device = device;
    this.upscaling = upscaling;
    this.noised = new GraphCache<>(device, SmallImages::record);
  }

  /**
   * What the denoising of a batch begins with. As in diffusers, the small images' noise takes the
   * first values of each image's own.
   *
   * @param shape of the latents
   * @param own takes what must stay open as long as the result is used
   */
  Beginning begin(Batch batch, BatchShape shape, InputPixels given, ResourceStack own) {
    int level = batch.key().noiseLevel();
    DeviceTensor small = own.push(noised(batch, shape, given, upscaling.at(level)));
    return new Beginning(
        batch.noise(shape.latentCount()),
        Optional.empty(),
        Optional.empty(),
        new Beside(Optional.of(small), Optional.of(own.push(device.longs(new long[] {level}, 1)))));
  }

  private DeviceTensor noised(Batch batch, BatchShape shape, InputPixels given, NoiseLevel level) {
    int values = Math.toIntExact(Upscaling.CHANNELS * shape.height() * shape.width());
    float[] factors = {(float) level.signal(), (float) level.noise()};
    try (DeviceTensor bytes =
            device.bytes(
                batch.pixels(InputImage.INIT, given),
                shape.batch(),
                shape.height(),
                shape.width(),
                Upscaling.CHANNELS);
        DeviceTensor noise =
            device.floats(
                batch.noise(values),
                shape.batch(),
                Upscaling.CHANNELS,
                shape.height(),
                shape.width());
        DeviceTensor both = device.floats(factors, factors.length)) {
      return noised.get(shape.plain()).run(bytes, noise, both);
    }
  }

  /**
   * Inputs: images (B, h, w, 3) uint8, noise (B, 3, h, w), the factors of both (2); result: their
   * sum (B, 3, h, w).
   */
  private static Graph record(BatchShape shape) {
    Graph graph = new Graph("the small images under noise");
    long channels = Upscaling.CHANNELS;
    Tensor images =
        Pixels.images(graph.input(shape.batch(), shape.height(), shape.width(), channels));
    Tensor noise = graph.input(shape.batch(), channels, shape.height(), shape.width());
    Tensor factors = graph.input(2);
    return graph.returns(
        images.times(factors.narrow(0, 0, 1)).plus(noise.times(factors.narrow(0, 1, 1))));
  }

  Duration compiling() {
    return noised.compiling();
  }

  @Override
  public void close() {
    noised.close();
  }
}
