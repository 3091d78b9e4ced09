package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.pipeline.TextEncoder.Text;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.PromptEmbeds;
import io.sparkdiffusion.request.PromptSyntax;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The embeddings of prompts and negative prompts. A GPU keeps the text encoder; on a CPU its
 * weights, a fourth of the model's, are in memory only while texts are encoded, which is done for
 * many images at once.
 */
final class PromptEncoder implements AutoCloseable {

  private final TextConfig config;
  private final TorchDevice device;
  private final WeightsOnDemand weights;
  private final GraphCache<Integer> graphs;
  private final GraphCache<Joint> joints;
  private final TextEncoder encoder;

  /** How many texts, and of how many tokens each. */
  private record Joint(int texts, long tokens) {}

  /** Loads the text encoder. */
  PromptEncoder(
      Supplier<ClipTokenizer> tokenizer,
      TextConfig config,
      WeightsOnDemand weights,
      TorchDevice device,
      Target target) {
    this.config = config;
    this.device = device;
    this.weights = weights;
    this.graphs =
        new GraphCache<>(
            weights, skipped -> target.apply(new ClipTextModel(config).record(skipped)));
    graphs.get(0);
    this.joints = new GraphCache<>(device, this::sideBySide);
    this.encoder = new TextEncoder(tokenizer.get(), graphs::get, device, config.vocabulary());
  }

  /**
   * Encodes the texts of images that are to be made soon, of {@link
   * StableDiffusionPipeline#MOST_UPCOMING} at most; {@link TextEncoder} remembers several times
   * more.
   */
  void expect(List<ImageRequest> soon) {
    if (!device.isGpu()) {
      encoder.forgetOldest();
      soon.stream()
          .limit(StableDiffusionPipeline.MOST_UPCOMING)
          .filter(request -> problem(request).isEmpty())
          .flatMap(request -> texts(request).stream())
          .forEach(encoder::encode);
      release();
    }
  }

  /**
   * The negative prompts, where there is guidance, then the prompts; valid until the next call of
   * this or of {@link #expect}.
   */
  List<EncodedText> encode(List<ImageRequest> requests, boolean guided) {
    encoder.forgetOldest();
    List<List<Text>> texts = requests.stream().map(this::texts).toList();
    Stream<Text> negative = guided ? texts.stream().map(both -> both.get(1)) : Stream.empty();
    Stream<Text> positive = texts.stream().map(both -> both.get(0));
    return Stream.concat(negative, positive).map(encoder::encode).toList();
  }

  /** Embeddings of as many tokens each, side by side: (R, S, D); the caller closes them. */
  DeviceTensor embeddings(List<EncodedText> texts) {
    long tokens = texts.get(0).embeddings().shape().size(1);
    return joints
        .get(new Joint(texts.size(), tokens))
        .run(texts.stream().map(EncodedText::embeddings).toArray(DeviceTensor[]::new));
  }

  private Graph sideBySide(Joint joint) {
    Graph graph = new Graph("the batch's embeddings");
    Tensor[] all =
        Stream.generate(() -> graph.input(1, joint.tokens(), config.width()))
            .limit(joint.texts())
            .toArray(Tensor[]::new);
    return graph.returns(Tensor.cat(0, all));
  }

  /** Why an image's texts cannot be encoded; nothing where they can. */
  Optional<String> problem(ImageRequest request) {
    if (request.clipSkip() > config.layers()) {
      return Optional.of(
          "Cannot skip layers of the text encoder: clip_skip must be at most its %s (%s)"
              .formatted(config.layers(), request.clipSkip()));
    }
    return problem(Parameters.PROMPT_EMBEDS, request.promptEmbeds())
        .or(() -> problem(Parameters.NEGATIVE_PROMPT_EMBEDS, request.negativePromptEmbeds()))
        .or(() -> unevenProblem(request));
  }

  private Optional<String> problem(Parameter<?> parameter, Optional<PromptEmbeds> given) {
    return given
        .filter(
            embeds ->
                embeds.width() != config.width()
                    || embeds.rows() % config.positions() != 0
                    || embeds.rows() > PromptChunks.MOST * config.positions())
        .map(
            embeds ->
                "Cannot use %s: it must have %s rows, or up to %s times as many, each %s wide (%s x %s)"
                    .formatted(
                        parameter,
                        config.positions(),
                        PromptChunks.MOST,
                        config.width(),
                        embeds.rows(),
                        embeds.width()));
  }

  /** Only a weighted text is filled up, beside embeddings that are longer. */
  private Optional<String> unevenProblem(ImageRequest request) {
    int prompt = chunksOfPrompt(request);
    int negative = chunksOfNegative(request);
    boolean isShorterFixed =
        request.promptSyntax().equals(PromptSyntax.PLAIN)
            || (prompt < negative ? request.promptEmbeds() : request.negativePromptEmbeds())
                .isPresent();
    return request.batchKey().guided() && prompt != negative && isShorterFixed
        ? Optional.of(
            "Cannot encode the texts: prompt and negative prompt must have as many embeddings (%s and %s times %s)"
                .formatted(prompt, negative, config.positions()))
        : Optional.empty();
  }

  /** Whether all that these images need is encoded. */
  boolean remembers(List<ImageRequest> requests) {
    return requests.stream()
        .flatMap(request -> texts(request).stream())
        .allMatch(encoder::remembers);
  }

  /** How much of a negative prompt is read, without its embeddings. */
  ImageResult.TextUse negative(ImageRequest request) {
    return request.negativePromptEmbeds().isPresent()
        ? TextEncoder.NO_TEXT
        : encoder.use(request.negativePrompt(), request.promptSyntax());
  }

  /** Of how many chunks of tokens an image's texts are. */
  int chunks(ImageRequest request) {
    int prompt = chunksOfPrompt(request);
    return request.batchKey().guided() ? Math.max(prompt, chunksOfNegative(request)) : prompt;
  }

  private int chunksOfPrompt(ImageRequest request) {
    return chunks(request.promptEmbeds(), request.prompt(), request.promptSyntax());
  }

  private int chunksOfNegative(ImageRequest request) {
    return chunks(request.negativePromptEmbeds(), request.negativePrompt(), request.promptSyntax());
  }

  private int chunks(Optional<PromptEmbeds> given, String words, String syntax) {
    return given
        .map(embeds -> embeds.rows() / Math.toIntExact(config.positions()))
        .orElseGet(() -> encoder.chunks(words, syntax));
  }

  /**
   * The prompt, then the negative one where there is guidance, of one length. Of the latter
   * diffusers skips no layer, its pipeline for weights does.
   */
  private List<Text> texts(ImageRequest request) {
    int chunks = chunks(request);
    String syntax = request.promptSyntax();
    int skipped = request.clipSkip();
    int ofNegative = syntax.equals(PromptSyntax.PLAIN) ? 0 : skipped;
    Text prompt = new Text(request.prompt(), syntax, chunks, skipped, request.promptEmbeds());
    return request.batchKey().guided()
        ? List.of(
            prompt,
            new Text(
                request.negativePrompt(),
                syntax,
                chunks,
                ofNegative,
                request.negativePromptEmbeds()))
        : List.of(prompt);
  }

  private void release() {
    graphs.close();
    weights.close();
  }

  Duration compiling() {
    return graphs.compiling().plus(joints.compiling());
  }

  @Override
  public void close() {
    encoder.close();
    joints.close();
    release();
  }
}
