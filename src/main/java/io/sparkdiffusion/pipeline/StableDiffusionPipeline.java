package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.Adapters;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stable Diffusion on one device: texts are encoded, noise is drawn for each image from its own
 * seed, the UNet removes it step by step, the VAE decodes (arXiv 2112.10752; diffusers,
 * StableDiffusionPipeline). Calls from several threads run one after another.
 */
public final class StableDiffusionPipeline implements AutoCloseable {

  /** How many images' texts are encoded together on a CPU. */
  public static final int MOST_UPCOMING = 32;

  private final ResourceStack resources = new ResourceStack();
  private final PipelineOptions options;
  private final Networks networks;
  private final Schedulers schedulers;
  private final TorchDevice device;
  private final ComponentWeights weights;
  private final PromptEncoder prompts;
  private final InputEncoder inputs;
  private final ControlNets controls;
  private final Denoiser denoiser;
  private final ImageDecoder images;
  private final Decoding decoding;
  private final TimeKeeper time;
  private final long freeBytes;
  private final Map<BatchKey, Integer> fitting = new ConcurrentHashMap<>();

  private StableDiffusionPipeline(ModelFolder folder, Additions added, PipelineOptions options) {
    long start = System.nanoTime();
    this.options = options;
    Dtype dtype = dtype(options);
    this.schedulers = new Schedulers(folder.schedulerConfig(), options.schedulerOverrides());
    try {
      BackgroundResource<TorchDevice> opened =
          resources.push(
              new BackgroundResource<>("open-device", () -> TorchDevice.open(options.device())));
      this.networks = Networks.check(folder);
      Adapters adapters = networks.adapters(added.adapters());
      EmbeddingSet embeddings = added.embeddings();
      networks.requireFit(embeddings, folder);
      added.controlNets().forEach(control -> control.network().requireFit(networks));
      BackgroundResource<ClipTokenizer> tokenizer =
          resources.push(
              new BackgroundResource<>(
                  "load-tokenizer", () -> Networks.tokenizer(folder, embeddings)));
      this.device = opened.get();
      Target target = device.target(dtype);
      this.weights =
          resources.push(
              new ComponentWeights(networks, adapters, embeddings, tokenizer::get, device));
      this.prompts =
          resources.push(
              new PromptEncoder(
                  tokenizer::get,
                  networks.text().withVocabulary(weights.vocabulary()),
                  weights.of(Component.TEXT_ENCODER, target),
                  device,
                  target));
      this.inputs = resources.push(new InputEncoder(device, folder, networks, target));
      WeightsOnDemand unet = weights.of(Component.UNET, target);
      Target ofVae = device.target(networks.vaeDtype(dtype));
      WeightsOnDemand vae = weights.of(Component.VAE, ofVae);
      this.denoiser =
          resources.push(
              new Denoiser(
                  device,
                  new Unet2dConditionModel(networks.unet()),
                  unet,
                  target,
                  networks.conditioning().tokens()));
      this.controls =
          resources.push(new ControlNets(device, target, loadable(added.controlNets(), target)));
      this.images = resources.push(new ImageDecoder(device, networks.vae(), vae, ofVae));
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
    Duration opening = Duration.ofNanos(System.nanoTime() - start).minus(loading());
    this.time = new TimeKeeper(opening.minus(compiling()), this::loading, this::compiling);
  }

  /**
   * Checks the folder against the networks. A GPU gets all weights now, a CPU each network's when
   * it is needed first.
   *
   * @return a pipeline, which the caller closes
   * @throws ProblemsException where the folder or the options cannot be used, with every reason
   * @throws io.sparkdiffusion.graph.GraphException where the device cannot
   */
  public static StableDiffusionPipeline load(ModelFolder folder, PipelineOptions options) {
    return load(folder, Additions.NONE, options);
  }

  /** The same with adapters in the weights, and more tokens in the text encoder. */
  public static StableDiffusionPipeline load(
      ModelFolder folder, AdapterSet adapters, EmbeddingSet embeddings, PipelineOptions options) {
    return load(folder, new Additions(adapters, embeddings, List.of()), options);
  }

  /** The same with all that joins the model. */
  public static StableDiffusionPipeline load(
      ModelFolder folder, Additions added, PipelineOptions options) {
    return new StableDiffusionPipeline(folder, added, options);
  }

  private List<ControlNets.Loadable> loadable(List<WeightedControlNet> all, Target target) {
    return all.stream()
        .map(one -> new ControlNets.Loadable(one, weights.of(one.network(), target)))
        .toList();
  }

  private static Dtype dtype(PipelineOptions options) {
    Dtype dtype = Dtype.ofCompute(options.dtype());
    if (dtype == Dtype.FLOAT16 && options.device().equals("cpu")) {
      throw new ProblemsException(
          "Cannot compute in float16 on a CPU: its convolutions are some 90 times slower than in"
              + " float32, use bfloat16 or float32 (activations_dtype=float16)");
    }
    return dtype;
  }

  private void closeAfter(RuntimeException failure) {
    try {
      resources.close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * How many such images the device's memory holds, from what was free behind the weights and what
   * the UNet's graph takes for one: a power of two, 1 on a CPU. It waits for no images.
   */
  public int mostTogether(BatchKey key) {
    return device.isGpu() ? fitting.computeIfAbsent(key, this::fitting) : 1;
  }

  private int fitting(BatchKey key) {
    return BatchFit.images(freeBytes, denoiser.imageBytes(shape(key, 1), controls));
  }

  /**
   * Makes images, {@code batchSize} at a time. An image depends on its own request alone; on a GPU,
   * whose libraries choose kernels by shape, its last bits may depend on the batch's size and its
   * place there.
   *
   * @param requests one or more with the same {@link ImageRequest#batchKey()}
   * @return one result for each request, in order
   */
  public List<ImageResult> generate(List<ImageRequest> requests) {
    return generate(requests, options.batchSize());
  }

  /**
   * The same in batches of another size.
   *
   * @throws io.sparkdiffusion.torch.OutOfDeviceMemoryException where such a batch does not fit; the
   *     pipeline can be used further
   */
  public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
    return generate(requests, InputPixels.NONE, batchSize);
  }

  /**
   * The same of images with input images.
   *
   * @param given the pixels of those
   */
  public List<ImageResult> generate(List<ImageRequest> requests, InputPixels given, int batchSize) {
    return generate(requests, given, batchSize, latents -> {});
  }

  /** The same as {@link #generate(List)}, seen step by step. */
  public List<ImageResult> generate(List<ImageRequest> requests, StepObserver observer) {
    return generate(requests, InputPixels.NONE, observer);
  }

  /** The same of images with input images. */
  public List<ImageResult> generate(
      List<ImageRequest> requests, InputPixels given, StepObserver observer) {
    return generate(requests, given, options.batchSize(), observer);
  }

  /**
   * Tells of images that are asked for soon, so that a CPU encodes their texts together.
   *
   * @param soon those that come next first; {@link #MOST_UPCOMING} of them are heeded
   */
  public synchronized void expect(List<ImageRequest> soon) {
    encodeAhead(soon, soon);
  }

  private void encodeAhead(List<ImageRequest> next, List<ImageRequest> soon) {
    if (!prompts.remembers(next)) {
      TimeKeeper.Begin begin = time.begin();
      prompts.expect(soon);
      time.end(begin);
    }
  }

  private synchronized List<ImageResult> generate(
      List<ImageRequest> requests, InputPixels given, int batchSize, StepObserver observer) {
    BatchKey key = Batch.commonKey(requests);
    Schedule schedule;
    try {
      schedule =
          schedulers
              .config(key.scheduler())
              .schedule(key.numInferenceSteps(), key.eta(), key.firstStep());
    } catch (IllegalArgumentException e) {
      return requests.stream()
          .<ImageResult>map(request -> new ImageResult.Failed(request, e.getMessage()))
          .toList();
    }
    IdentityHashMap<ImageRequest, ImageResult> results = new IdentityHashMap<>();
    List<ImageRequest> readable = new ArrayList<>();
    for (ImageRequest request : requests) {
      problem(request, given)
          .ifPresentOrElse(
              reason -> results.put(request, new ImageResult.Failed(request, reason)),
              () -> readable.add(request));
    }
    for (List<ImageRequest> alike : byLengthOfTexts(readable)) {
      for (int from = 0; from < alike.size(); from += batchSize) {
        List<ImageRequest> batch = alike.subList(from, Math.min(from + batchSize, alike.size()));
        encodeAhead(batch, alike.subList(from, alike.size()));
        for (ImageResult result : generateBatch(batch, given, batchSize, schedule, observer)) {
          results.put(result.request(), result);
        }
      }
    }
    return requests.stream().map(results::get).toList();
  }

  private Optional<String> problem(ImageRequest request, InputPixels given) {
    return inputs.problem(request, given).or(() -> prompts.problem(request));
  }

  /** Long texts have more prompt embeddings, which decides the UNet's shape. */
  private Collection<List<ImageRequest>> byLengthOfTexts(List<ImageRequest> requests) {
    Map<Integer, List<ImageRequest>> byChunks = new TreeMap<>();
    for (ImageRequest request : requests) {
      byChunks.computeIfAbsent(prompts.chunks(request), any -> new ArrayList<>()).add(request);
    }
    return byChunks.values();
  }

  private List<ImageResult> generateBatch(
      List<ImageRequest> requests,
      InputPixels given,
      int batchSize,
      Schedule schedule,
      StepObserver observer) {
    TimeKeeper.Begin begin = time.begin();
    Batch batch = Batch.of(requests, batchSize);
    BatchShape shape = shape(batch.key(), batch.requests().size());
    List<EncodedText> texts = prompts.encode(batch.requests(), shape.guided());
    List<Decoded> decoded;
    try (DeviceTensor states = denoise(batch, shape, texts, schedule, given, observer)) {
      decoded =
          decoding.decode(
              (first, some) -> images.decode(states, first, some, batch.key().isTiled()),
              shape,
              requests.size());
    }
    return results(requests, texts, decoded, batchSize, time.end(begin));
  }

  private DeviceTensor denoise(
      Batch batch,
      BatchShape shape,
      List<EncodedText> texts,
      Schedule schedule,
      InputPixels given,
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

  private List<ImageResult> results(
      List<ImageRequest> requests,
      List<EncodedText> texts,
      List<Decoded> decoded,
      int batchSize,
      Duration spent) {
    Duration each = spent.dividedBy(requests.size());
    boolean guided = texts.size() > batchSize;
    List<ImageResult> results = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      ImageRequest request = requests.get(i);
      ImageResult.TextUse negative = guided ? texts.get(i).use() : prompts.negative(request);
      ImageResult.TextUse prompt = texts.get(guided ? batchSize + i : i).use();
      results.add(
          decoded
              .get(i)
              .result(
                  request, rgb -> new ImageResult.Generated(request, rgb, prompt, negative, each)));
    }
    return results;
  }

  /** What encodes the texts. */
  PromptEncoder prompts() {
    return prompts;
  }

  private Duration compiling() {
    return prompts
        .compiling()
        .plus(inputs.compiling())
        .plus(denoiser.compiling())
        .plus(controls.compiling())
        .plus(images.compiling());
  }

  private Duration loading() {
    return weights.loading().plus(inputs.loading());
  }

  /** Where the time went so far; that of images which are being made comes with them. */
  public PipelineTimes times() {
    return time.times();
  }

  @Override
  public synchronized void close() {
    resources.close();
  }
}
