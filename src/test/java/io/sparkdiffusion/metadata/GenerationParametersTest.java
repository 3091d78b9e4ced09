package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.prompt.RowDefaults;
import io.sparkdiffusion.prompt.RowRequests;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationParametersTest {

  private static final String DIGEST = "0123456789abcdef";

  @Test
  void writesTheLinesOfTheWebUi() {
    ImageRequest request =
        new ImageRequest("r", 0, "a cat,\nsitting", "blurry", 1, 50, 7.5, 0, 512, 640, "ddim", 0);

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
  void leavesOutAnEmptyNegativePromptAndAddsWhatTheWebUiHasNoDefaultFor() {
    ImageRequest request =
        new ImageRequest("r", 0, "a cat", "", -3, 20, 1.0, 0.7, 64, 64, "ddim", 0.5);

    assertThat(GenerationParameters.of(request, DIGEST, "my, \"model\"").text())
        .isEqualTo(
            """
            a cat
            Steps: 20, Sampler: DDIM, CFG scale: 1.0, Seed: -3, Size: 64x64, \
            Model hash: 0123456789, Model: "my, \\"model\\"", Eta DDIM: 0.5, \
            Guidance rescale: 0.7""");
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
        new ImageRequest("r", 0, prompt, negative, 1L << 40, 50, 7.25, 0.7, 64, 72, "ddim", 0.5);
    GenerationParameters parameters = GenerationParameters.of(request, DIGEST, "a: \"b\", c");
    RowDefaults defaults = new RowDefaults("no", 0, 4, 1, 0, 0, 8, 8, "ddim", 0);

    GenerationParameters read = GenerationParameters.parse(parameters.text());

    assertThat(read).isEqualTo(parameters);
    assertThat(RowRequests.of(read.toRow("r"), defaults))
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
        new ImageRequest("r", 0, "a cat", "blurry", 1, 50, 7.5, 0, 512, 640, "ddim", 0);

    assertThat(GenerationParameters.of(request, DIGEST, "sd2").toString())
        .contains("Seed: 1")
        .doesNotContain("cat", "blurry");
  }
}
