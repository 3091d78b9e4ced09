package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.Requests;
import org.junit.jupiter.api.Test;

class ImageRequestTest {

  @Test
  void sharesABatchWhereOnlyTextsSeedsAndGuidanceDiffer() {
    ImageRequest one = request(7.5, 0.0);
    ImageRequest other =
        Requests.of(
            "b",
            3,
            "a dog",
            "",
            Parameters.SEED.of(9L),
            Parameters.GUIDANCE_SCALE.of(1.5),
            Parameters.GUIDANCE_RESCALE.of(0.7),
            Parameters.HEIGHT.of(64),
            Parameters.WIDTH.of(64));

    assertThat(one.batchKey()).isEqualTo(other.batchKey());
    assertThat(request(1.0, 0.0).batchKey()).isNotEqualTo(one.batchKey());
    assertThat(request(0.0, 0.0).batchKey())
        .isEqualTo(request(0.5, 0.0).batchKey())
        .isEqualTo(request(1.0, 0.0).batchKey());
    assertThat(request(7.5, 0.5).batchKey()).isNotEqualTo(one.batchKey());
  }

  @Test
  void keepsTheRulesOfARow() {
    assertThatThrownBy(
            () ->
                Requests.of(
                    " ",
                    0,
                    "",
                    "",
                    Parameters.NUM_INFERENCE_STEPS.of(0),
                    Parameters.GUIDANCE_SCALE.of(1.0),
                    Parameters.HEIGHT.of(64),
                    Parameters.WIDTH.of(64)))
        .hasMessage(
            "Cannot make a request: it must keep the rules of a row [Cannot use id: it must not be"
                + " null or blank ( ), Cannot use num_inference_steps: it must be 1 to 1000 (0)]");
    assertThatThrownBy(
            () ->
                Requests.of(
                    "a",
                    -1,
                    "",
                    "",
                    Parameters.NUM_INFERENCE_STEPS.of(1),
                    Parameters.GUIDANCE_SCALE.of(1.0),
                    Parameters.HEIGHT.of(64),
                    Parameters.WIDTH.of(64)))
        .hasMessage("Cannot make a request: it must keep the rules of a row (image index -1)");
  }

  @Test
  void printsWithoutItsTexts() {
    assertThat(request(7.5, 0.0).toString())
        .contains("a image 0, ", "seed=1")
        .doesNotContain("cat", "blurry");
    assertThat(
            Requests.job(
                    Parameters.NEGATIVE_PROMPT.of("blurry"),
                    Parameters.HEIGHT.of(64),
                    Parameters.WIDTH.of(64))
                .toString())
        .contains("seed=0")
        .doesNotContain("blurry");
  }

  private static ImageRequest request(double guidance, double eta) {
    return Requests.of(
        "a",
        0,
        "a cat",
        "blurry",
        Parameters.SEED.of(1L),
        Parameters.GUIDANCE_SCALE.of(guidance),
        Parameters.HEIGHT.of(64),
        Parameters.WIDTH.of(64),
        Parameters.ETA.of(eta));
  }
}
