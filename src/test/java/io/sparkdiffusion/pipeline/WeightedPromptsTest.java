package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Comparison;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weighted and long prompts, from text to images. */
class WeightedPromptsTest {

  private static final String LONG = "a boat on the sea at night, ".repeat(20);

  /** Against diffusers' community pipeline for long and weighted prompts. */
  @ParameterizedTest
  @ValueSource(strings = {"base", "sd15"})
  void statesEqualDiffusers(String model) throws IOException {
    JsonNode pairs =
        new ObjectMapper().readTree(ReferenceModels.folder("weighted.json").toFile()).get("pairs");
    TensorFile reference = TensorFile.read(ReferenceModels.folder("weighted.safetensors"));
    ModelFolder folder = ModelFolder.open(ReferenceModels.folder(model));
    Networks networks = Networks.check(folder);
    try (TorchDevice device = TorchDevice.open("cpu");
        ClipTokenizer tokenizer = Networks.tokenizer(folder)) {
      Target target = device.target(Dtype.FLOAT32);
      WeightsOnDemand weights =
          new WeightsOnDemand(
              () ->
                  WeightDictionary.load(
                      device,
                      networks.weights(Component.TEXT_ENCODER),
                      Dtype.FLOAT32,
                      target.packings(
                          () -> networks.usual(Component.TEXT_ENCODER, Dtype.FLOAT32))));
      try (PromptEncoder encoder =
          new PromptEncoder(() -> tokenizer, networks.text(), weights, device, target)) {
        for (int i = 0; i < pairs.size(); i++) {
          ImageRequest request =
              request("a", pairs.get(i).get(0).asText(), pairs.get(i).get(1).asText());
          List<TextEncoder.EncodedText> both = encoder.encode(List.of(request), true);
          assertStates(both.get(0), reference, model + "/" + i + "/negative");
          assertStates(both.get(1), reference, model + "/" + i + "/prompt");
        }
        assertThat(pairs).hasSize(10);
      }
    }
  }

  private static void assertStates(
      TextEncoder.EncodedText text, TensorFile reference, String name) {
    assertThat(text.embeddings().shape()).as(name).isEqualTo(reference.shape(name));
    Comparison.assertClose(name, text.embeddings().toFloats(), reference.floats(name), 1e-5);
  }

  /** One image at a time, as executors do it on a CPU. */
  @Test
  void anImageDoesNotDependOnItsNeighboursLongerTexts() {
    List<ImageRequest> requests =
        List.of(
            request("a", "a (red:1.3) fox", ""),
            request("b", LONG, ""),
            request("c", "a fox", "(" + LONG + ":1.2)"),
            request("d", "a fox", ""),
            request("e", "a fox BREAK at night", ""));
    try (StableDiffusionPipeline pipeline = pipeline()) {
      List<ImageResult> together = pipeline.generate(requests);
      assertThat(together.stream().map(ImageResult::request)).isEqualTo(requests);
      List<byte[]> images = together.stream().map(WeightedPromptsTest::rgb).toList();
      assertThat(images).doesNotHaveDuplicates();
      List<ImageRequest> backwards = new ArrayList<>(requests);
      Collections.reverse(backwards);
      List<ImageResult> again = pipeline.generate(backwards);
      for (int i = 0; i < images.size(); i++) {
        assertThat(rgb(again.get(images.size() - 1 - i))).isEqualTo(images.get(i));
      }
    }
  }

  /** Longer than so many chunks is told, as a plain prompt's end is. */
  @Test
  void whatFindsNoPlaceIsTold() {
    String prompt = "boat ".repeat(PromptChunks.MOST * 75) + "moon (and a star:1.2)";
    try (StableDiffusionPipeline pipeline = pipeline()) {
      ImageResult.Generated made =
          (ImageResult.Generated) pipeline.generate(List.of(request("a", prompt, ""))).get(0);
      assertThat(made.promptText().lostText()).isEqualTo("moon and a star");
      assertThat(made.promptText().tokenCount()).isGreaterThan(PromptChunks.MOST * 75 + 2);
      assertThat(made.negativeText().lostText()).isEmpty();
    }
  }

  private static StableDiffusionPipeline pipeline() {
    return StableDiffusionPipeline.load(
        ModelFolder.open(ReferenceModels.folder("base")),
        new PipelineOptions("cpu", "float32", 1, Map.of()));
  }

  private static ImageRequest request(String id, String prompt, String negative) {
    return Requests.of(
        id,
        0,
        prompt,
        negative,
        Parameters.PROMPT_SYNTAX.of("a1111"),
        Parameters.NUM_INFERENCE_STEPS.of(2),
        Parameters.HEIGHT.of(64),
        Parameters.WIDTH.of(64));
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }
}
