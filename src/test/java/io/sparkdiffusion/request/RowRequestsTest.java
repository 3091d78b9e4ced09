package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.Requests;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowRequestsTest {

  private static final Values DEFAULTS =
      Requests.job(Parameters.NEGATIVE_PROMPT.of("blurry"), Parameters.SEED.of(7L));

  /** The first 8 hex digits that {@code printf '7:cat-1' | sha256sum} prints. */
  private static final long DERIVED = 0x02E64ECEL;

  @Test
  void takesTheConfigurationWhereTheRowSaysNothing() {
    assertThat(requests(row("prompt", "a cat").with(Parameters.SEED.of(42L))))
        .containsExactly(Requests.of("prompt", 0, "a cat", "blurry", Parameters.SEED.of(42L)));
  }

  @Test
  void letsColumnsWin() {
    Values row =
        row("r", "a cat")
            .with(Parameters.NEGATIVE_PROMPT.of(""))
            .with(Parameters.SEED.of(5L))
            .with(Parameters.NUM_INFERENCE_STEPS.of(20))
            .with(Parameters.GUIDANCE_SCALE.of(1.0))
            .with(Parameters.GUIDANCE_RESCALE.of(0.7))
            .with(Parameters.HEIGHT.of(256))
            .with(Parameters.WIDTH.of(128))
            .with(Parameters.NUM_IMAGES.of(2))
            .with(Parameters.SCHEDULER.of("ddim"))
            .with(Parameters.ETA.of(0.5));

    assertThat(requests(row))
        .containsExactly(
            Requests.of(
                "r",
                0,
                "a cat",
                "",
                Parameters.SEED.of(5L),
                Parameters.NUM_INFERENCE_STEPS.of(20),
                Parameters.GUIDANCE_SCALE.of(1.0),
                Parameters.GUIDANCE_RESCALE.of(0.7),
                Parameters.HEIGHT.of(256),
                Parameters.WIDTH.of(128),
                Parameters.ETA.of(0.5)),
            Requests.of(
                "r",
                1,
                "a cat",
                "",
                Parameters.SEED.of(6L),
                Parameters.NUM_INFERENCE_STEPS.of(20),
                Parameters.GUIDANCE_SCALE.of(1.0),
                Parameters.GUIDANCE_RESCALE.of(0.7),
                Parameters.HEIGHT.of(256),
                Parameters.WIDTH.of(128),
                Parameters.ETA.of(0.5)));
  }

  @Test
  void derivesAMissingSeedFromTheJobsSeedAndTheId() {
    assertThat(requests(row("cat-1", "a cat")).get(0).seed()).isEqualTo(DERIVED);
    assertThat(requests(row("cat-1", "another")).get(0).seed()).isEqualTo(DERIVED);
    assertThat(requests(row("cat-2", "a cat")).get(0).seed()).isNotEqualTo(DERIVED);
  }

  @Test
  void followsTheLargestSeedByTheSmallest() {
    Map<String, Object> cells = cells("seed", Long.MAX_VALUE);
    cells.put("num_images", 2);

    assertThat(requests(cells))
        .extracting(ImageRequest::seed)
        .containsExactly(Long.MAX_VALUE, Long.MIN_VALUE);
  }

  @Test
  void readsCellsOfAnyType() {
    Map<String, Object> cells = cells("seed", "12");
    cells.put("id", 17);
    cells.put("num_inference_steps", 20.0);
    cells.put("guidance_scale", new BigDecimal("5.50"));
    cells.put("guidance_rescale", 0.7f);
    cells.put("height", "64");
    cells.put("width", (short) 128);
    cells.put("eta", "");
    cells.put("negative_prompt", null);
    cells.put("caption", "ignored");

    assertThat(requests(cells))
        .containsExactly(
            Requests.of(
                "17",
                0,
                "a cat",
                "blurry",
                Parameters.SEED.of(12L),
                Parameters.NUM_INFERENCE_STEPS.of(20),
                Parameters.GUIDANCE_SCALE.of(5.5),
                Parameters.GUIDANCE_RESCALE.of(0.7),
                Parameters.HEIGHT.of(64),
                Parameters.WIDTH.of(128)));
  }

  @Test
  void givesAllReasonsAtOnce() {
    Map<String, Object> cells = new HashMap<>();
    cells.put("id", "r1");
    cells.put("seed", "1.5");
    cells.put("num_inference_steps", 0);
    cells.put("guidance_scale", Double.NaN);
    cells.put("guidance_rescale", "much");
    cells.put("height", 500);
    cells.put("width", 1L << 40);
    cells.put("num_images", -1);
    cells.put("scheduler", "plms");
    cells.put("eta", 1.5);

    assertThat(RowRequests.of(cells, DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                "r1",
                List.of(
                    "Cannot read seed: it must be a whole number in range (1.5)",
                    "Cannot read guidance_rescale: it must be a number (much)",
                    "Cannot read width: it must be a whole number in range (1099511627776)",
                    "Cannot use prompt: it must not be null (null)",
                    "Cannot use num_images: it must be 1 to 10000 (-1)",
                    "Cannot use num_inference_steps: it must be 1 to 1000 (0)",
                    "Cannot use guidance_scale: it must be finite and 0 or more (NaN)",
                    "Cannot use height: it must be a multiple of 8 from 8 to 4096 (500)",
                    "Cannot use scheduler: it must be ddim, ddpm, pndm, euler, euler_a, heun, lms,"
                        + " dpm2, dpm2_a, dpm++_2m, dpm++_2m_sde, dpm++_2s, unipc, deis, lcm, tcd or model (plms)",
                    "Cannot use eta: it must be 0 to 1 (1.5)")));
  }

  /** From some 9 million on, one row would end the process. */
  @Test
  void refusesTextsThatAreNoPrompts() {
    Map<String, Object> cells = new HashMap<>();
    cells.put("id", "r1");
    cells.put("prompt", "a".repeat(100_001));
    cells.put("negative_prompt", "b".repeat(9_000_000));
    assertThat(RowRequests.of(cells, DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                "r1",
                List.of(
                    "Cannot use prompt: it must have at most 100000 characters (100001)",
                    "Cannot use negative_prompt: it must have at most 100000 characters"
                        + " (9000000)")));
    cells.put("prompt", "a".repeat(100_000));
    cells.put("negative_prompt", "");
    assertThat(RowRequests.of(cells, DEFAULTS)).isInstanceOf(RowRequests.Valid.class);
  }

  @Test
  void refusesIdsThatNameNothingOrTooMuch() {
    assertThat(RowRequests.of(row(null, "a cat"), DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                "", List.of("Cannot use id: it must not be null or blank (null)")));
    assertThat(RowRequests.of(row(" ", "a cat"), DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                " ", List.of("Cannot use id: it must not be null or blank ( )")));
    String tooLong = "é".repeat(513);
    assertThat(RowRequests.of(row(tooLong, "a cat"), DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                tooLong,
                List.of("Cannot use id: it must have at most 1024 bytes in UTF-8 (1026)")));
    assertThat(requests(row("é".repeat(512), "a cat"))).hasSize(1);
  }

  @Test
  void acceptsAnEmptyPromptAndALongOne() {
    assertThat(requests(row("a", "")).get(0).prompt()).isEmpty();
    assertThat(requests(row("a", "cat ".repeat(10_000)))).hasSize(1);
  }

  private static Values row(String id, String prompt) {
    return Values.of(Parameters.ID.of(id), Parameters.PROMPT.of(prompt));
  }

  private static Map<String, Object> cells(String column, Object cell) {
    Map<String, Object> cells = new HashMap<>();
    cells.put("id", "r");
    cells.put("prompt", "a cat");
    cells.put(column, cell);
    return cells;
  }

  private static List<ImageRequest> requests(Values row) {
    return ((RowRequests.Valid) RowRequests.of(row, DEFAULTS)).requests();
  }

  private static List<ImageRequest> requests(Map<String, Object> cells) {
    return ((RowRequests.Valid) RowRequests.of(cells, DEFAULTS)).requests();
  }

  @Test
  void keepsPromptsInTheWrongColumnToItself() {
    Map<String, Object> cells =
        Map.of("id", "a", "prompt", "x", "seed", " a red fox", "scheduler", "an owl, asleep");
    assertThat(RowRequests.of(cells, DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                "a",
                List.of(
                    "Cannot read seed: it must be a whole number in range (a text)",
                    "Cannot use scheduler: it must be ddim, ddpm, pndm, euler, euler_a, heun, lms,"
                        + " dpm2, dpm2_a, dpm++_2m, dpm++_2m_sde, dpm++_2s, unipc, deis, lcm, tcd or model (a text)")));
  }

  @ParameterizedTest
  @CsvSource({"80%, 80%", "80 %, 80 %", "a lot %, a text"})
  void aShareOfAHundredIsToldAsItIs(String strength, String told) {
    assertThat(RowRequests.of(Map.of("id", "r", "prompt", "a", "strength", strength), DEFAULTS))
        .isEqualTo(
            new RowRequests.Invalid(
                "r", List.of("Cannot read strength: it must be a number (%s)".formatted(told))));
  }
}
