package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.Schedulers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
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

  private final PipelineOptions options;
  private final Schedulers schedulers;
  private final BatchPipeline batches;
  private final TimeKeeper time;
  private final Map<BatchKey, Integer> fitting = new ConcurrentHashMap<>();

  /** What all images of a call share. */
  private record Run(InputPixels given, int batchSize, Schedule schedule, StepObserver observer) {}

  private StableDiffusionPipeline(ModelFolder folder, Additions added, PipelineOptions options) {
    long start = System.nanoTime();
    this.options = options;
    this.schedulers = new Schedulers(folder.schedulerConfig(), options.schedulerOverrides());
    this.batches = new BatchPipeline(folder, added, options);
    Duration opening = Duration.ofNanos(System.nanoTime() - start).minus(batches.loading());
    this.time =
        new TimeKeeper(opening.minus(batches.compiling()), batches::loading, batches::compiling);
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

  /**
   * How many such images the device's memory holds, from what was free behind the weights and what
   * the UNet's graph takes for one: a power of two, 1 on a CPU. It waits for no images.
   */
  public int mostTogether(BatchKey key) {
    return fitting.computeIfAbsent(key, batches::mostTogether);
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
    if (!batches.prompts().remembers(next)) {
      TimeKeeper.Begin begin = time.begin();
      batches.prompts().expect(soon);
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
    Run run = new Run(given, batchSize, schedule, observer);
    IdentityHashMap<ImageRequest, ImageResult> results = new IdentityHashMap<>();
    List<ImageRequest> readable = new ArrayList<>();
    for (ImageRequest request : requests) {
      batches
          .problem(request, given)
          .ifPresentOrElse(
              reason -> results.put(request, new ImageResult.Failed(request, reason)),
              () -> readable.add(request));
    }
    for (List<ImageRequest> alike : byLengthOfTexts(readable)) {
      for (int from = 0; from < alike.size(); from += batchSize) {
        List<ImageRequest> batch = alike.subList(from, Math.min(from + batchSize, alike.size()));
        encodeAhead(batch, alike.subList(from, alike.size()));
        for (ImageResult result : generateBatch(batch, run)) {
          results.put(result.request(), result);
        }
      }
    }
    return requests.stream().map(results::get).toList();
  }

  /** Long texts have more prompt embeddings, which decides the UNet's shape. */
  private Collection<List<ImageRequest>> byLengthOfTexts(List<ImageRequest> requests) {
    Map<Integer, List<ImageRequest>> byChunks = new TreeMap<>();
    for (ImageRequest request : requests) {
      byChunks
          .computeIfAbsent(batches.prompts().chunks(request), any -> new ArrayList<>())
          .add(request);
    }
    return byChunks.values();
  }

  private List<ImageResult> generateBatch(List<ImageRequest> requests, Run run) {
    TimeKeeper.Begin begin = time.begin();
    Batch batch = Batch.of(requests, run.batchSize());
    List<EncodedText> texts = batches.prompts().encode(batch.requests(), batch.key().guided());
    List<Decoded> decoded =
        batches.draw(batch, requests.size(), texts, run.given(), run.schedule(), run.observer());
    return results(batch, texts, decoded, time.end(begin));
  }

  private List<ImageResult> results(
      Batch batch, List<EncodedText> texts, List<Decoded> decoded, Duration spent) {
    Duration each = spent.dividedBy(decoded.size());
    boolean guided = batch.key().guided();
    List<ImageResult> results = new ArrayList<>();
    for (int i = 0; i < decoded.size(); i++) {
      ImageRequest request = batch.requests().get(i);
      ImageResult.TextUse negative =
          guided ? texts.get(i).use() : batches.prompts().negative(request);
      ImageResult.TextUse prompt = texts.get(guided ? batch.requests().size() + i : i).use();
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
    return batches.prompts();
  }

  /** Where the time went so far; that of images which are being made comes with them. */
  public PipelineTimes times() {
    return time.times();
  }

  @Override
  public synchronized void close() {
    batches.close();
  }
}
