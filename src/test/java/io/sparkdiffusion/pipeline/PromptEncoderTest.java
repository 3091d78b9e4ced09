package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PromptEncoderTest {

  private static final Path FOLDER = ReferenceModels.folder("base");

  private final TextConfig config = TextConfig.read(FOLDER.resolve("text_encoder/config.json"));
  private final TorchDevice device = TorchDevice.open("cpu");
  private final Target target = device.target(Dtype.FLOAT32);
  private final ClipTokenizer tokenizer =
      ClipTokenizer.load(FOLDER.resolve("tokenizer"), Math.toIntExact(config.positions()));
  private int reads;
  private final WeightsOnDemand weights = new WeightsOnDemand(this::read);
  private final PromptEncoder encoder =
      new PromptEncoder(() -> tokenizer, config, weights, device, target);

  private WeightDictionary read() {
    reads++;
    Graph graph = target.apply(new ClipTextModel(config).record());
    return WeightDictionary.load(
        device,
        ModelFamily.STABLE_DIFFUSION.weights(
            FOLDER, WeightChoice.USUAL, Component.TEXT_ENCODER, graph.weights()),
        Dtype.FLOAT32,
        Packing.of(graph));
  }

  @AfterEach
  void close() {
    encoder.close();
    tokenizer.close();
    device.close();
  }

  @Test
  void theWeightsAreReadOnceForTheImagesOfOneCall() {
    List<ImageRequest> soon = IntStream.range(0, 20).mapToObj(PromptEncoderTest::request).toList();
    encoder.expect(soon);
    assertThat(encoder.remembers(soon)).isTrue();
    soon.forEach(request -> encoder.encode(List.of(request), true));
    assertThat(reads).isEqualTo(1);

    encoder.expect(List.of(request(20)));
    assertThat(reads).isEqualTo(2);
  }

  @Test
  void aTextHasTheSameStatesWheneverItIsEncoded() {
    List<EncodedText> alone = encoder.encode(List.of(request(1)), true);
    float[] states = alone.get(1).embeddings().toFloats();
    encoder.expect(
        IntStream.range(100, 100 + StableDiffusionPipeline.MOST_UPCOMING)
            .mapToObj(PromptEncoderTest::request)
            .toList());
    for (int first = 200;
        encoder.remembers(List.of(request(1)));
        first += StableDiffusionPipeline.MOST_UPCOMING) {
      encoder.expect(
          IntStream.range(first, first + StableDiffusionPipeline.MOST_UPCOMING)
              .mapToObj(PromptEncoderTest::request)
              .toList());
    }
    List<EncodedText> again = encoder.encode(List.of(request(1)), true);
    assertThat(again.get(1)).isNotSameAs(alone.get(1));
    assertThat(again.get(1).embeddings().toFloats()).isEqualTo(states);
    assertThatThrownBy(alone.get(1).embeddings()::toFloats)
        .hasMessage("Cannot use a tensor: it must be open (closed)");
  }

  /** Its weights have left by then. */
  @Test
  void aBatchsEmbeddingsStandSideBySideOnTheDevice() {
    List<ImageRequest> two = List.of(request(1), request(2));
    encoder.expect(two);
    List<EncodedText> texts = encoder.encode(two, true);
    long before = device.copies();
    try (DeviceTensor embeddings = encoder.embeddings(texts)) {
      assertThat(device.copies()).isEqualTo(before);
      assertThat(embeddings.shape()).isEqualTo(Shape.of(4, config.positions(), config.width()));
      float[] all = embeddings.toFloats();
      int count = all.length / 4;
      for (int i = 0; i < 4; i++) {
        assertThat(Arrays.copyOfRange(all, i * count, (i + 1) * count))
            .isEqualTo(texts.get(i).embeddings().toFloats());
      }
    }
    assertThat(texts.get(2)).isNotSameAs(texts.get(3));
  }

  @Test
  void noMoreThanItsNumberIsEncodedAhead() {
    List<ImageRequest> soon =
        IntStream.range(0, StableDiffusionPipeline.MOST_UPCOMING + 1)
            .mapToObj(PromptEncoderTest::request)
            .toList();
    encoder.expect(soon);
    assertThat(encoder.remembers(soon.subList(0, StableDiffusionPipeline.MOST_UPCOMING))).isTrue();
    assertThat(encoder.remembers(soon)).isFalse();
  }

  @Test
  void withoutGuidanceTheNegativePromptIsNotEncoded() {
    ImageRequest unguided =
        Requests.of(
            "a",
            0,
            "a fox",
            "rain",
            Parameters.SEED.of(1L),
            Parameters.NUM_INFERENCE_STEPS.of(2),
            Parameters.GUIDANCE_SCALE.of(1.0),
            Parameters.HEIGHT.of(64),
            Parameters.WIDTH.of(64));
    encoder.expect(List.of(unguided));
    assertThat(encoder.encode(List.of(unguided), false)).hasSize(1);
    assertThat(reads).isEqualTo(1);
    encoder.encode(List.of(request(1)), true);
    assertThat(reads).isEqualTo(2);
  }

  private static ImageRequest request(int number) {
    return Requests.of(
        "row" + number,
        0,
        "a fox, number " + number,
        "",
        Parameters.SEED.of(1L),
        Parameters.NUM_INFERENCE_STEPS.of(2),
        Parameters.HEIGHT.of(64),
        Parameters.WIDTH.of(64));
  }
}
