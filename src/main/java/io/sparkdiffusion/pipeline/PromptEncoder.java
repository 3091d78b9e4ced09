package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import java.time.Duration;
import java.util.List;
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
  private final GraphCache<Component> graphs;
  private final GraphCache<Integer> joints;
  private final TextEncoder encoder;

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
        new GraphCache<>(weights, any -> target.apply(new ClipTextModel(config).record()));
    graphs.get(Component.TEXT_ENCODER);
    this.joints = new GraphCache<>(device, this::sideBySide);
    this.encoder =
        new TextEncoder(
            tokenizer.get(), () -> graphs.get(Component.TEXT_ENCODER), device, config.vocabulary());
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
          .flatMap(PromptEncoder::texts)
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
    Stream<String> negative =
        guided ? requests.stream().map(ImageRequest::negativePrompt) : Stream.empty();
    Stream<String> positive = requests.stream().map(ImageRequest::prompt);
    return Stream.concat(negative, positive).map(encoder::encode).toList();
  }

  /** Embeddings side by side: (R, S, D); the caller closes them. */
  DeviceTensor embeddings(List<EncodedText> texts) {
    return joints
        .get(texts.size())
        .run(texts.stream().map(EncodedText::embeddings).toArray(DeviceTensor[]::new));
  }

  private Graph sideBySide(int texts) {
    Graph graph = new Graph("the batch's embeddings");
    Tensor[] all =
        Stream.generate(() -> graph.input(1, config.positions(), config.width()))
            .limit(texts)
            .toArray(Tensor[]::new);
    return graph.returns(Tensor.cat(0, all));
  }

  /** Whether all that these images need is encoded. */
  boolean remembers(List<ImageRequest> requests) {
    return requests.stream().flatMap(PromptEncoder::texts).allMatch(encoder::remembers);
  }

  /** The tokens of a text, without its embeddings. */
  ClipTokenizer.Tokens tokens(String text) {
    return encoder.tokens(text);
  }

  private static Stream<String> texts(ImageRequest request) {
    return request.batchKey().guided()
        ? Stream.of(request.negativePrompt(), request.prompt())
        : Stream.of(request.prompt());
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
