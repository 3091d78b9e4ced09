package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.family.ImageEncoderNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.ModelKind;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.image.Depth;
import io.sparkdiffusion.image.Mask;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * From the input images of a batch to what denoising begins with. A model's encoder is looked at
 * with the first of them: most runs start from noise and do without. Not thread-safe.
 */
final class InputEncoder implements AutoCloseable {

  private final TorchDevice device;
  private final ModelFolder folder;
  private final Networks networks;
  private final Target target;
  private final Optional<SmallImages> small;
  private final ResourceStack resources = new ResourceStack();
  private Optional<WeightsOnDemand> weights = Optional.empty();
  private Optional<ImageEncoder> encoder = Optional.empty();

  /** Of a model's folder, on a borrowed device. */
  InputEncoder(TorchDevice device, ModelFolder folder, Networks networks, Target target) {
    this.device = device;
    this.folder = folder;
    this.networks = networks;
    this.target = target;
    this.small = networks.upscaling().map(of -> resources.push(new SmallImages(device, of)));
  }

  /** Why nothing can be drawn from a request's input images. */
  Optional<String> problem(ImageRequest request, InputPixels given) {
    if (!request.inputs().contains(InputImage.DEPTH)) {
      return Optional.empty();
    }
    boolean isFlat =
        Depth.of(Batch.image(request, InputImage.DEPTH, given)).ofLatents(compression()).isEmpty();
    return isFlat
        ? Optional.of("Cannot use depth_image: parts must be nearer than others (none are)")
        : Optional.empty();
  }

  /**
   * Draws what each image's generator gives before the first step, in the order of diffusers'
   * pipelines: the sample of an image's latents, the noise, the sample of what a mask leaves of it.
   *
   * @param shape of the latents
   * @param own takes what must stay open as long as the result is used
   * @throws io.sparkdiffusion.config.ProblemsException where the folder's encoder cannot be used
   */
  Beginning begin(Batch batch, BatchShape shape, InputPixels given, ResourceStack own) {
    if (small.isPresent()) {
      return small.get().begin(batch, shape, given, own);
    }
    List<InputImage> inputs = batch.key().inputs();
    boolean isMasked = inputs.contains(InputImage.MASK);
    boolean isBlended = isMasked && networks.kind() == ModelKind.TEXT_TO_IMAGE;
    Optional<DeviceTensor> image = Optional.empty();
    if (isBlended || batch.key().firstStep().isPresent()) {
      try (DeviceTensor pixels = pixels(batch, shape, given)) {
        image = Optional.of(own.push(latents(batch, shape, pixels)));
      }
    }
    float[] noise = batch.noise(shape.latentCount());
    Optional<DeviceTensor> mask = Optional.empty();
    Optional<DeviceTensor> beside = Optional.empty();
    if (isBlended) {
      batch.noise(shape.latentCount()); // diffusers encodes the rest of the image here too
      mask = Optional.of(own.push(mask(batch.masks(given), shape)));
    } else if (isMasked) {
      beside = Optional.of(own.push(masked(batch, shape, given)));
    } else if (inputs.contains(InputImage.DEPTH)) {
      beside = Optional.of(own.push(depth(batch, shape, given)));
    }
    return new Beginning(noise, image, mask, new Beside(beside, Optional.empty()));
  }

  /** Masks and the latents of what they leave, (B, 1 + C, h, w) float32. */
  private DeviceTensor masked(Batch batch, BatchShape shape, InputPixels given) {
    List<Mask> masks = batch.masks(given);
    try (DeviceTensor pixels = pixels(batch, shape, given);
        DeviceTensor rest = rest(pixels, masks, shape);
        DeviceTensor latents = latents(batch, shape, rest);
        DeviceTensor mask = mask(masks, shape)) {
      return opened().beside(mask, latents, shape);
    }
  }

  private DeviceTensor pixels(Batch batch, BatchShape shape, InputPixels given) {
    return opened().images(batch.pixels(InputImage.INIT, given), shape);
  }

  /** (B, C, h, w) float32, scaled; it takes the next values of each image's own noise. */
  private DeviceTensor latents(Batch batch, BatchShape shape, DeviceTensor pixels) {
    try (DeviceTensor noise =
        device.floats(
            batch.noise(shape.latentCount()),
            shape.batch(),
            shape.channels(),
            shape.height(),
            shape.width())) {
      return opened().encode(pixels, noise, shape, batch.key().isTiled());
    }
  }

  /** (B, 1, h, w) float32, 1 where an image is painted anew. */
  private DeviceTensor mask(List<Mask> masks, BatchShape shape) {
    List<Mask> small = masks.stream().map(mask -> mask.ofLatents(compression())).toList();
    return device.floats(Batch.painted(small), shape.batch(), 1, shape.height(), shape.width());
  }

  /** (B, 1, h, w) float32, -1 to 1. */
  private DeviceTensor depth(Batch batch, BatchShape shape, InputPixels given) {
    float[] all = batch.depths(compression(), given);
    return device.floats(all, shape.batch(), 1, shape.height(), shape.width());
  }

  private int compression() {
    return Math.toIntExact(networks.vae().compression());
  }

  /** Images (B, 3, H, W), in the middle between black and white where they are painted anew. */
  private DeviceTensor rest(DeviceTensor pixels, List<Mask> masks, BatchShape shape) {
    Mask first = masks.get(0);
    try (DeviceTensor painted =
        device.floats(
            Batch.painted(masks), shape.batch(), 1, first.heightPixels(), first.widthPixels())) {
      return opened().rest(pixels, painted, shape);
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
    return encoder
        .map(ImageEncoder::compiling)
        .orElse(Duration.ZERO)
        .plus(small.map(SmallImages::compiling).orElse(Duration.ZERO));
  }

  @Override
  public void close() {
    resources.close();
  }
}
