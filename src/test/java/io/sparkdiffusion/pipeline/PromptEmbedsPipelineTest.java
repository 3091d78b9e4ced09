package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.PromptEmbeds;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of given embeddings. */
class PromptEmbedsPipelineTest {

  private static StableDiffusionPipeline pipeline;

  @BeforeAll
  static void load() {
    pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()));
  }

  @AfterAll
  static void close() {
    pipeline.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "a1111"})
  void whatTheTextEncoderGivesMakesTheSameImage(String syntax) {
    String prompt = "a fox in the snow, ".repeat(syntax.equals("plain") ? 1 : 20);
    ImageRequest texts = request(prompt, "blurry", Parameters.PROMPT_SYNTAX.of(syntax));
    List<EncodedText> states = pipeline.prompts().encode(List.of(texts), true);
    PromptEmbeds negative = given(states.get(0));
    PromptEmbeds positive = given(states.get(1));

    ImageRequest embeds =
        request(
            "",
            "",
            Parameters.PROMPT_SYNTAX.of(syntax),
            Parameters.PROMPT_EMBEDS.of(positive),
            Parameters.NEGATIVE_PROMPT_EMBEDS.of(negative));
    ImageRequest half =
        request(
            "",
            "blurry",
            Parameters.PROMPT_SYNTAX.of(syntax),
            Parameters.PROMPT_EMBEDS.of(positive));
    List<ImageResult> results = pipeline.generate(List.of(embeds, texts, half));
    assertThat(rgb(results.get(0))).isEqualTo(rgb(results.get(1)));
    assertThat(rgb(results.get(2))).isEqualTo(rgb(results.get(1)));
    assertThat(((ImageResult.Generated) results.get(0)).promptText())
        .isEqualTo(new ImageResult.TextUse(0, ""));
  }

  @Test
  void whatTheModelCannotReadFailsAndTheOthersAreMade() {
    List<ImageRequest> requests =
        List.of(
            request("", "", Parameters.PROMPT_EMBEDS.of(zeros(77, 32))),
            request("", "", Parameters.NEGATIVE_PROMPT_EMBEDS.of(zeros(76, 40))),
            request("", "", Parameters.PROMPT_EMBEDS.of(zeros(9 * 77, 40))),
            request("", "", Parameters.PROMPT_EMBEDS.of(zeros(2 * 77, 40))),
            request(
                "star ".repeat(100),
                "",
                Parameters.PROMPT_SYNTAX.of("a1111"),
                Parameters.NEGATIVE_PROMPT_EMBEDS.of(zeros(77, 40))),
            request(
                "",
                "",
                Parameters.GUIDANCE_SCALE.of(1.0),
                Parameters.PROMPT_EMBEDS.of(zeros(2 * 77, 40))));
    List<ImageResult> results =
        requests.stream().map(request -> pipeline.generate(List.of(request)).get(0)).toList();
    assertThat(results.subList(0, 5))
        .extracting(result -> ((ImageResult.Failed) result).reason())
        .containsExactly(
            "Cannot use prompt_embeds: it must have 77 rows, or up to 8 times as many, each 40 wide (77 x 32)",
            "Cannot use negative_prompt_embeds: it must have 77 rows, or up to 8 times as many, each 40 wide (76 x 40)",
            "Cannot use prompt_embeds: it must have 77 rows, or up to 8 times as many, each 40 wide (693 x 40)",
            "Cannot encode the texts: prompt and negative prompt must have as many embeddings (2 and 1 times 77)",
            "Cannot encode the texts: prompt and negative prompt must have as many embeddings (2 and 1 times 77)");
    assertThat(results.get(5)).isInstanceOf(ImageResult.Generated.class);
  }

  private static PromptEmbeds zeros(int rows, int width) {
    return embeds(new float[rows * width], rows);
  }

  private static PromptEmbeds given(EncodedText text) {
    return embeds(text.embeddings().toFloats(), Math.toIntExact(text.embeddings().shape().size(1)));
  }

  private static PromptEmbeds embeds(float[] values, int rows) {
    int width = values.length / rows;
    List<List<Float>> table = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      List<Float> row = new ArrayList<>();
      for (int j = 0; j < width; j++) {
        row.add(values[i * width + j]);
      }
      table.add(row);
    }
    return Parameters.PROMPT_EMBEDS.read(table).orElseThrow().value();
  }

  private static ImageRequest request(String prompt, String negative, Parameter.Value<?>... more) {
    return Requests.of(
        "a",
        0,
        prompt,
        negative,
        Stream.concat(
                Stream.of(more),
                Stream.of(
                    Parameters.NUM_INFERENCE_STEPS.of(2),
                    Parameters.HEIGHT.of(64),
                    Parameters.WIDTH.of(64)))
            .toArray(Parameter.Value<?>[]::new));
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }
}
