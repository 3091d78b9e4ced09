package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.RowRequests;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.sampler.Samplers;
import io.sparkdiffusion.testing.Requests;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GenerationParametersTest {

  private static final String DIGEST = "0123456789abcdef";

  @Test
  void writesTheLinesOfTheWebUi() {
    ImageRequest request =
        Requests.of(
            "r", 0, "a cat,\nsitting", "blurry", Parameters.SEED.of(1L), Parameters.WIDTH.of(640));

    assertThat(GenerationParameters.of(request, DIGEST, "sd2").text())
        .isEqualTo(
            """
            a cat,
            sitting
            Negative prompt: blurry
            Steps: 50, Sampler: DDIM, CFG scale: 7.5, Seed: 1, Size: 640x512, \
            Model hash: 0123456789, Model: sd2""");
  }

  @Test
  void tellsWhatAnImageStartsFromAndHowMuchIsDrawnAnew() {
    ImageRequest request =
        Requests.of("r", 0, "a cat", "", Parameters.SEED.of(1L))
            .withInputs(Map.of(InputImage.INIT, new InputFile("file:/in, 1.png", "a".repeat(64))));
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "sd2");

    assertThat(parameters.text())
        .endsWith(
            "Model: sd2, Denoising strength: 0.8, Init image: \"file:/in, 1.png\", Init image sha256: "
                + "a".repeat(64));
    assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
    assertThat(parameters.values().get(Parameters.INIT_IMAGE)).isEqualTo("file:/in, 1.png");
  }

  @Test
  void tellsHowMuchNoiseWentOverAnUpscaledImage() {
    ImageRequest request =
        Requests.of("r", 0, "a cat", "", Parameters.SEED.of(1L))
            .withInputs(Map.of(InputImage.INIT, new InputFile("small.png", "a".repeat(64))))
            .upscaled();
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "x4");

    assertThat(parameters.text())
        .endsWith(
            "Model: x4, Init image: small.png, Init image sha256: %s, Noise level: 20"
                .formatted("a".repeat(64)));
    assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
  }

  @Test
  void namesLorasAsTheWebUiDoes() {
    ImageRequest request = Requests.of("r", 0, "a <lora:cat:1>", "blurry", Parameters.SEED.of(1L));
    List<LoraTag> loras =
        List.of(new LoraTag("ink", "0.8", "0123456789ab"), new LoraTag("lcm", "1", "ba9876543210"));
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "sd2", loras);

    assertThat(parameters.text())
        .isEqualTo(
            """
            a <lora:cat:1> <lora:ink:0.8> <lora:lcm:1>
            Negative prompt: blurry
            Steps: 50, Sampler: DDIM, CFG scale: 7.5, Seed: 1, Size: 512x512, \
            Model hash: 0123456789, Model: sd2, Lora hashes: "ink: 0123456789ab, lcm: ba9876543210\"""");
    assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
  }

  /** The web UI's 1 skips nothing. */
  @Test
  void countsSkippedLayersAsTheWebUiDoes() {
    ImageRequest request =
        Requests.of("r", 0, "a", "", Parameters.SEED.of(1L), Parameters.CLIP_SKIP.of(2));
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "sd2");
    assertThat(parameters.text()).endsWith(", Clip skip: 3");
    assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
  }

  @Test
  void namesEmbeddingsAsTheWebUiDoes() {
    ImageRequest request = Requests.of("r", 0, "a <toy>", "", Parameters.SEED.of(1L));
    GenerationParameters parameters =
        GenerationParameters.of(request, DIGEST, "sd2")
            .with(
                List.of(
                    new EmbeddingTag("<toy>", "0123456789ab"),
                    new EmbeddingTag("bad-hands", "ba9876543210")));

    assertThat(parameters.text())
        .isEqualTo(
            """
            a <toy>
            Steps: 50, Sampler: DDIM, CFG scale: 7.5, Seed: 1, Size: 512x512, \
            Model hash: 0123456789, Model: sd2, TI hashes: "<toy>: 0123456789ab, bad-hands: ba9876543210\"""");
    assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
  }

  @Test
  void aTagOfTheUsersOwnStaysInThePrompt() {
    ImageRequest request = Requests.of("r", 0, "a <lora:ink:1> <lora:ink:0.8>", "");
    for (List<LoraTag> loras :
        List.of(List.<LoraTag>of(), List.of(new LoraTag("ink", "0.8", "0123456789ab")))) {
      GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "sd2", loras);
      assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
    }
  }

  @Test
  void leavesOutAnEmptyNegativePromptAndAddsWhatTheWebUiHasNoDefaultFor() {
    ImageRequest request =
        Requests.of(
            "r",
            0,
            "a cat",
            "",
            Parameters.SEED.of(-3L),
            Parameters.NUM_INFERENCE_STEPS.of(20),
            Parameters.GUIDANCE_SCALE.of(1.0),
            Parameters.GUIDANCE_RESCALE.of(0.7),
            Parameters.HEIGHT.of(64),
            Parameters.WIDTH.of(64),
            Parameters.ETA.of(0.5));

    assertThat(GenerationParameters.of(request, DIGEST, "my, \"model\"").text())
        .isEqualTo(
            """
            a cat
            Steps: 20, Sampler: DDIM, CFG scale: 1.0, Seed: -3, Size: 64x64, \
            Model hash: 0123456789, Model: "my, \\"model\\"", Eta DDIM: 0.5, \
            Guidance rescale: 0.7""");
  }

  static List<String> samplers() {
    return Samplers.NAMES;
  }

  @ParameterizedTest
  @MethodSource("samplers")
  void readsEverySamplersLabelBack(String sampler) {
    ImageRequest request = Requests.of("r", 0, "a cat", "", Parameters.SCHEDULER.of(sampler));
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "m");
    assertThat(GenerationParameters.parse(parameters.text())).isEqualTo(parameters);
  }

  @Test
  void callsSamplersAsWebUisDo() {
    assertThat(
            GenerationParameters.of(
                    Requests.of("r", 0, "a cat", "", Parameters.SCHEDULER.of("dpm++_2m_sde")),
                    DIGEST,
                    "m")
                .text())
        .contains("Sampler: DPM++ 2M SDE,");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "'a cat', ''",
        "'', ''",
        "'', 'blurry'",
        "'a cat\n\nwith Steps: 3, Seed: 4\n', 'blurry,\nSteps: 9'",
        "'猫 🐈', 'e\u0301'",
      })
  void readsBackWhatItWrites(String prompt, String negative) {
    ImageRequest request =
        Requests.of(
            "r",
            0,
            prompt,
            negative,
            Parameters.SEED.of(1L << 40),
            Parameters.GUIDANCE_SCALE.of(7.25),
            Parameters.GUIDANCE_RESCALE.of(0.7),
            Parameters.HEIGHT.of(64),
            Parameters.WIDTH.of(72),
            Parameters.ETA.of(0.5));
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "a: \"b\", c");
    Values job =
        Requests.job(
            Parameters.NEGATIVE_PROMPT.of("no"),
            Parameters.NUM_IMAGES.of(4),
            Parameters.NUM_INFERENCE_STEPS.of(1),
            Parameters.GUIDANCE_SCALE.of(0.0),
            Parameters.HEIGHT.of(8),
            Parameters.WIDTH.of(8));

    GenerationParameters read = GenerationParameters.parse(parameters.text());

    assertThat(read).isEqualTo(parameters);
    assertThat(RowRequests.of(read.toRow("r"), job))
        .isEqualTo(new RowRequests.Valid(List.of(request)));
  }

  @Test
  void refusesOtherTexts() {
    assertThatThrownBy(() -> GenerationParameters.parse("a cat\nSteps: 3, Sampler: DDIM"))
        .hasMessage(
            "Cannot read generation parameters: the last line must have 'CFG scale' (missing)");
  }

  @Test
  void printsWithoutItsTexts() {
    ImageRequest request =
        Requests.of("r", 0, "a cat", "blurry", Parameters.SEED.of(1L), Parameters.WIDTH.of(640));

    assertThat(GenerationParameters.of(request, DIGEST, "sd2").toString())
        .contains("Seed: 1")
        .doesNotContain("cat", "blurry");
  }
}
