package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Comparison;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.weights.TensorFile;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prompts without the text encoder's last layers, against diffusers' clip_skip. */
class ClipSkipTest {

  private static final TensorFile REFERENCE =
      TensorFile.read(ReferenceModels.folder("clip_skip.safetensors"));

  private static final String LONG =
      "a large red star on a white background, a boat on the sea at night, a small blue house below a yellow moon, ";

  @ParameterizedTest
  @CsvSource({"base, 3", "v21, 2", "sd15, 3"})
  void statesEqualDiffusers(String model, int layers) {
    try (StableDiffusionPipeline pipeline = pipeline(model)) {
      for (int skipped = layers; skipped > 0; skipped--) {
        assertStates(
            encode(pipeline, "a photograph of an astronaut riding a horse", "plain", skipped),
            "%s/%s/".formatted(model, skipped));
        assertStates(
            encode(pipeline, ("a (red:1.3) fox, " + LONG).repeat(2), "a1111", skipped),
            "%s/%s/weighted/".formatted(model, skipped));
      }
    }
    assertThat(REFERENCE.names()).doesNotContain("%s/%s/prompt".formatted(model, layers + 1));
  }

  private static List<EncodedText> encode(
      StableDiffusionPipeline pipeline, String prompt, String syntax, int skipped) {
    ImageRequest request =
        Requests.of(
            "a",
            0,
            prompt,
            "blurry, low quality",
            Parameters.PROMPT_SYNTAX.of(syntax),
            Parameters.CLIP_SKIP.of(skipped));
    return pipeline.prompts().encode(List.of(request), true);
  }

  private static void assertStates(List<EncodedText> both, String name) {
    Map.of("negative", both.get(0), "prompt", both.get(1))
        .forEach(
            (kind, text) ->
                Comparison.assertClose(
                    name + kind,
                    text.embeddings().toFloats(),
                    REFERENCE.floats(name + kind),
                    1e-5));
  }

  /** In one batch, whatever is remembered. */
  @Test
  void eachRowHasItsOwnAndOneThatSkipsTooManyFails() {
    List<ImageRequest> requests =
        Stream.of(0, 1, 4, 3, 1).map(skipped -> request(Parameters.CLIP_SKIP.of(skipped))).toList();
    try (StableDiffusionPipeline pipeline = pipeline("base")) {
      pipeline.expect(requests);
      List<ImageResult> results = pipeline.generate(requests);
      assertThat(results.get(2))
          .isEqualTo(
              new ImageResult.Failed(
                  requests.get(2),
                  "Cannot skip layers of the text encoder: clip_skip must be at most its 3 (4)"));
      assertThat(List.of(rgb(results.get(0)), rgb(results.get(1)), rgb(results.get(3))))
          .doesNotHaveDuplicates();
      assertThat(rgb(results.get(4))).isEqualTo(rgb(results.get(1)));
      assertThat(rgb(pipeline.generate(List.of(request())).get(0))).isEqualTo(rgb(results.get(0)));
    }
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }

  private static ImageRequest request(Parameter.Value<?>... more) {
    return Requests.of(
        "a",
        0,
        "a fox",
        "",
        Stream.concat(
                Stream.of(more),
                Stream.of(
                    Parameters.NUM_INFERENCE_STEPS.of(2),
                    Parameters.HEIGHT.of(64),
                    Parameters.WIDTH.of(64)))
            .toArray(Parameter.Value<?>[]::new));
  }

  private static StableDiffusionPipeline pipeline(String model) {
    return StableDiffusionPipeline.load(
        ModelFolder.open(ReferenceModels.folder(model)),
        new PipelineOptions("cpu", "float32", 1, Map.of()));
  }
}
