package io.sparkdiffusion.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ImageRequestTest {

  @Test
  void sharesABatchWhereOnlyTextsSeedsAndGuidanceDiffer() {
    ImageRequest one = request(7.5, 0.0);
    ImageRequest other =
        new ImageRequest("b", 3, "a dog", "", 9, 50, 1.5, 0.7, 64, 64, "ddim", 0.0);

    assertThat(one.batchKey()).isEqualTo(other.batchKey());
    assertThat(request(1.0, 0.0).batchKey()).isNotEqualTo(one.batchKey());
    assertThat(request(0.0, 0.0).batchKey())
        .isEqualTo(request(0.5, 0.0).batchKey())
        .isEqualTo(request(1.0, 0.0).batchKey());
    assertThat(request(7.5, 0.5).batchKey()).isNotEqualTo(one.batchKey());
  }

  @Test
  void keepsTheRulesOfARow() {
    assertThatThrownBy(() -> new ImageRequest(" ", 0, "", "", 0, 0, 1, 0, 64, 64, "ddim", 0))
        .hasMessage(
            "Cannot make a request: it must keep the rules of a row [Cannot use id: it must not be"
                + " null or blank ( ), Cannot use num_inference_steps: it must be 1 to 1000 (0)]");
    assertThatThrownBy(() -> new ImageRequest("a", -1, "", "", 0, 1, 1, 0, 64, 64, "ddim", 0))
        .hasMessage("Cannot make a request: it must keep the rules of a row (image index -1)");
  }

  @Test
  void printsWithoutItsTexts() {
    assertThat(request(7.5, 0.0).toString())
        .contains("a image 0, seed 1")
        .doesNotContain("cat", "blurry");
    assertThat(PromptRow.of("a", "a cat")).hasToString("PromptRow[id=a]");
    assertThat(new RowDefaults("blurry", 0, 1, 50, 7.5, 0, 64, 64, "ddim", 0).toString())
        .contains("jobSeed=0")
        .doesNotContain("blurry");
  }

  private static ImageRequest request(double guidance, double eta) {
    return new ImageRequest("a", 0, "a cat", "blurry", 1, 50, guidance, 0.0, 64, 64, "ddim", eta);
  }
}
