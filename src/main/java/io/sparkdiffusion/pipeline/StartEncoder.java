package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.family.ImageEncoderNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.Optional;

/**
 * From the images that a batch starts from to their latents. A model's encoder is looked at with
 * the first of them: most runs start from noise and do without. Not thread-safe.
 */
final class StartEncoder implements AutoCloseable {

  private final TorchDevice device;
  private final ModelFolder folder;
  private final Networks networks;
  private final Target target;
  private final ResourceStack resources = new ResourceStack();
  private Optional<WeightsOnDemand> weights = Optional.empty();
  private Optional<ImageEncoder> encoder = Optional.empty();

  /** Of a model's folder, on a borrowed device. */
  StartEncoder(TorchDevice device, ModelFolder folder, Networks networks, Target target) {
    this.device = device;
    this.folder = folder;
    this.networks = networks;
    this.target = target;
  }

  /**
   * A sample of each image's latents. As in diffusers' image-to-image pipeline, it takes the first
   * values of the image's own noise.
   *
   * @param shape of the latents
   * @return (B, C, h, w) float32, scaled; the caller closes it
   * @throws io.sparkdiffusion.config.ProblemsException where the folder's encoder cannot be used
   */
  DeviceTensor latents(Batch batch, InputPixels given, BatchShape shape) {
    ImageEncoder opened = opened();
    try (DeviceTensor images = opened.images(batch.pixels(InputImage.INIT, given), shape);
        DeviceTensor noise =
            device.floats(
                batch.noise(shape.latentCount()),
                shape.batch(),
                shape.channels(),
                shape.height(),
                shape.width())) {
      return opened.encode(images, noise, shape, batch.key().isTiled());
    }
  }

  private ImageEncoder opened() {
    if (encoder.isEmpty()) {
      ImageEncoderNetwork network = ImageEncoderNetwork.check(folder);
      WeightsOnDemand read = resources.push(new WeightsOnDemand(() -> load(network)));
      weights = Optional.of(read);
      encoder =
          Optional.of(resources.push(new ImageEncoder(device, network.config(), read, target)));
    }
    return encoder.get();
  }

  private WeightDictionary load(ImageEncoderNetwork network) {
    return WeightDictionary.load(
        device,
        network.weights(),
        target.dtype(),
        target.packings(() -> network.usual(networks, target.dtype())));
  }

  /** Time spent in reading weights so far. */
  Duration loading() {
    return weights.map(WeightsOnDemand::loading).orElse(Duration.ZERO);
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return encoder.map(ImageEncoder::compiling).orElse(Duration.ZERO);
  }

  @Override
  public void close() {
    resources.close();
  }
}
