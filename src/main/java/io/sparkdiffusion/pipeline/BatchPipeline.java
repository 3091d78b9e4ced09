package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.adapter.Adapters;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A model's networks on one device, and the way of a batch through them: texts are encoded, the
 * UNet removes noise step by step, the VAE decodes. Not thread-safe.
 */
final class BatchPipeline implements AutoCloseable {

  private final ResourceStack resources = new ResourceStack();
  private final Networks networks;
  private final TorchDevice device;
  private final ComponentWeights weights;
  private final PromptEncoder prompts;
  private final InputEncoder inputs;
  private final Denoiser denoiser;
  private final ControlNets controls;
  private final ImageDecoder images;
  private final Decoding decoding;
  private final long freeBytes;

  /** Opens the device and reads the tokenizer while the folder is checked. */
  BatchPipeline(ModelFolder folder, Additions added, PipelineOptions options) {
    Dtype dtype = options.compute();
    try {
      Supplier<TorchDevice> opened =
          inBackground("open-device", () -> TorchDevice.open(options.device()));
      this.networks = Networks.check(folder);
      Adapters adapters = networks.adapters(added.adapters());
      EmbeddingSet embeddings = added.embeddings();
      networks.requireFit(embeddings, folder);
      added.controlNets().forEach(control -> control.network().requireFit(networks));
      Supplier<ClipTokenizer> tokenizer =
          inBackground("load-tokenizer", () -> Networks.tokenizer(folder, embeddings));
      this.device = opened.get();
      Target target = device.target(dtype);
      this.weights =
          resources.push(new ComponentWeights(networks, adapters, embeddings, tokenizer, device));
      this.prompts = resources.push(promptEncoder(tokenizer, target));
      this.inputs = resources.push(new InputEncoder(device, folder, networks, target));
      this.denoiser = resources.push(denoiser(target));
      this.controls = resources.push(controlNets(added.controlNets(), target));
      this.images = resources.push(imageDecoder(device.target(networks.vaeDtype(dtype))));
      this.decoding = new Decoding(device::releaseCachedMemory, device.isGpu());
      if (device.isGpu()) {
        weights.readAll();
      }
      device.releaseCachedMemory();
      this.freeBytes = device.freeMemoryBytes();
    } catch (RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  private <T extends AutoCloseable> Supplier<T> inBackground(String name, Supplier<T> opening) {
    return resources.push(new BackgroundResource<>(name, opening))::get;
  }

  private PromptEncoder promptEncoder(Supplier<ClipTokenizer> tokenizer, Target target) {
    return new PromptEncoder(
        tokenizer,
        networks.text().withVocabulary(weights.vocabulary()),
        weights.of(Component.TEXT_ENCODER, target),
        device,
        target);
  }

  private Denoiser denoiser(Target target) {
    return new Denoiser(
        device,
        new Unet2dConditionModel(networks.unet()),
        weights.of(Component.UNET, target),
        target,
        networks.conditioning().tokens());
  }

  private ControlNets controlNets(List<WeightedControlNet> all, Target target) {
    return new ControlNets(
        device,
        target,
        all.stream()
            .map(one -> new ControlNets.Loadable(one, weights.of(one.network(), target)))
            .toList());
  }

  private ImageDecoder imageDecoder(Target target) {
    return new ImageDecoder(device, networks.vae(), weights.of(Component.VAE, target), target);
  }

  private void closeAfter(RuntimeException failure) {
    try {
      resources.close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** What encodes the texts. */
  PromptEncoder prompts() {
    return prompts;
  }

  /** How many such images fit the device's memory together. */
  int mostTogether(BatchKey key) {
    return device.isGpu()
        ? BatchFit.images(freeBytes, denoiser.imageBytes(shape(key, 1), controls))
        : 1;
  }

  /** Why a request cannot be drawn, as far as its texts and its input images say. */
  Optional<String> problem(ImageRequest request, InputPixels given) {
    return inputs.problem(request, given).or(() -> prompts.problem(request));
  }

  /**
   * The way of a batch.
   *
   * @param wanted how many of its images: the others fill it up
   * @param texts of all, which {@link PromptEncoder#encode} gives
   * @param observer sees the latents of each step
   */
  List<Decoded> draw(
      Batch batch,
      int wanted,
      List<EncodedText> texts,
      InputPixels given,
      Schedule schedule,
      StepObserver observer) {
    BatchShape shape = shape(batch.key(), batch.requests().size());
    try (DeviceTensor states = denoise(batch, shape, texts, given, schedule, observer)) {
      return decoding.decode(
          (first, some) -> images.decode(states, first, some, batch.key().isTiled()),
          shape,
          wanted);
    }
  }

  private DeviceTensor denoise(
      Batch batch,
      BatchShape shape,
      List<EncodedText> texts,
      InputPixels given,
      Schedule schedule,
      StepObserver observer) {
    try (ResourceStack own = new ResourceStack()) {
      DeviceTensor embeddings = own.push(prompts.embeddings(texts));
      Beginning begin = inputs.begin(batch, shape, given, own);
      Optional<BatchControl> control =
          controls.isEmpty()
              ? Optional.empty()
              : Optional.of(own.push(controls.of(batch, given, shape)));
      return denoiser.denoise(
          new DenoisingLoop.Task(batch, shape, embeddings, schedule, begin, control), observer);
    }
  }

  private BatchShape shape(BatchKey key, int images) {
    long compression = networks.vae().compression();
    int height = key.heightPixels();
    int width = key.widthPixels();
    if (height % compression != 0 || width % compression != 0) {
      throw new IllegalArgumentException(
          "Cannot generate images: height and width must be multiples of %s (%s x %s)"
              .formatted(compression, height, width));
    }
    return new BatchShape(
        images,
        networks.vae().latentChannels(),
        height / compression,
        width / compression,
        key.guided(),
        false);
  }

  /** Time spent in reading weights so far. */
  Duration loading() {
    return weights.loading().plus(inputs.loading());
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return prompts
        .compiling()
        .plus(inputs.compiling())
        .plus(denoiser.compiling())
        .plus(controls.compiling())
        .plus(images.compiling());
  }

  @Override
  public void close() {
    resources.close();
  }
}
