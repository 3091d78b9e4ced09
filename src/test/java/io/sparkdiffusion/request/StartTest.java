package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.Requests;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartTest {

  private static final String HASH = "a".repeat(64);

  /** diffusers: int(steps * strength) in doubles. */
  @ParameterizedTest
  @CsvSource({"50, 0.8, 10", "50, 0.58, 22", "50, 1, 0", "4, 0.5, 2", "7, 0.3, 5", "50, 0.29, 36"})
  void takesTheLastShareOfTheSteps(int steps, double strength, int first) {
    ImageRequest request = request(Parameters.STRENGTH.of(strength));
    assertThat(request.start().firstStep(steps)).isEqualTo(OptionalInt.of(first));
    assertThat(request.withInputs(Map.of()).start().firstStep(steps)).isEmpty();
  }

  /** diffusers, is_strength_max of its inpainting pipeline. */
  @ParameterizedTest
  @CsvSource({"0.8, 10", "0.99, 1", "1,"})
  void aMaskedImageBeginsWithNoiseAloneWhereAllIsDrawnAnew(double strength, Integer first) {
    ImageRequest request = masked(Parameters.STRENGTH.of(strength));
    assertThat(request.start().firstStep(50))
        .isEqualTo(first == null ? OptionalInt.empty() : OptionalInt.of(first));
  }

  @Test
  void aMasksHashIsInTheRequestHash() {
    Map<String, Object> canonical = masked().canonical();
    assertThat(canonical)
        .containsEntry("init_image_sha256", HASH)
        .containsEntry("mask_image_sha256", "c".repeat(64))
        .containsEntry("strength", 0.8)
        .containsEntry("init_image_fit", "exact")
        .doesNotContainKeys("mask_image", "init_image", "depth_image_sha256");
    assertThat(request().canonical()).doesNotContainKey("mask_image_sha256");
    assertThat(masked().batchKey()).isNotEqualTo(request().batchKey());
  }

  @ParameterizedTest
  @ValueSource(strings = {"mask_image", "depth_image"})
  void whatSaysSomethingOfAnImageNeedsThat(String input) {
    RowRequests row =
        RowRequests.of(Map.of("id", "r", "prompt", "fox", input, "in.png"), Requests.job());
    assertThat(((RowRequests.Invalid) row).reasons())
        .isEqualTo(List.of("Cannot use " + input + ": init_image must be given too (it is not)"));
  }

  private static ImageRequest masked(Parameter.Value<?>... values) {
    return Requests.of("r", 0, "a cat", "", values)
        .withInputs(
            Map.of(
                InputImage.INIT,
                new InputFile("in.png", HASH),
                InputImage.MASK,
                new InputFile("mask.png", "c".repeat(64))));
  }

  @Test
  void itsHashStrengthAndFitAreInTheRequestHashAndItsPathIsNot() {
    Map<String, Object> canonical = request().canonical();
    assertThat(canonical)
        .containsEntry("init_image_sha256", HASH)
        .containsEntry("strength", 0.8)
        .containsEntry("init_image_fit", "exact")
        .doesNotContainKey("init_image");
    assertThat(
            request()
                .withInputs(Map.of(InputImage.INIT, new InputFile("elsewhere.png", HASH)))
                .canonical())
        .isEqualTo(canonical);
    assertThat(
            request()
                .withInputs(Map.of(InputImage.INIT, new InputFile("in.png", "b".repeat(64))))
                .canonical())
        .isNotEqualTo(canonical);
    assertThat(request(Parameters.STRENGTH.of(0.5)).withInputs(Map.of()).canonical())
        .isEqualTo(Requests.of("r", 0, "a cat", "").canonical());
  }

  /** A model that upscales takes all steps; to others the noise level means nothing. */
  @Test
  void theNoiseLevelIsInTheHashOfAnUpscaledImageInThePlaceOfTheStrength() {
    ImageRequest drawnOver = request(Parameters.NOISE_LEVEL.of(40));
    assertThat(drawnOver.start()).isEqualTo(new Start.FromImage(0.8));
    assertThat(drawnOver.canonical()).isEqualTo(request().canonical());

    ImageRequest upscaled = drawnOver.upscaled();
    assertThat(upscaled.start()).isEqualTo(new Start.Upscaled(40));
    assertThat(upscaled.start().firstStep(50)).isEmpty();
    assertThat(upscaled.canonical())
        .containsEntry("init_image_sha256", HASH)
        .containsEntry("init_image_fit", "exact")
        .containsEntry("noise_level", 40)
        .doesNotContainKey("strength");
    assertThat(request().upscaled().canonical()).containsEntry("noise_level", 20);
    assertThat(upscaled.withInputs(Map.of()).upscaled().canonical())
        .isEqualTo(Requests.of("r", 0, "a cat", "").canonical());
  }

  @Test
  void imagesOfOneNoiseLevelShareABatch() {
    ImageRequest upscaled = request(Parameters.NOISE_LEVEL.of(40)).upscaled();
    assertThat(request(Parameters.STRENGTH.of(0.1), Parameters.NOISE_LEVEL.of(40)).upscaled())
        .isEqualTo(upscaled);
    assertThat(request().upscaled().batchKey()).isNotEqualTo(upscaled.batchKey());
    assertThat(upscaled.batchKey().noiseLevel()).isEqualTo(40);
  }

  /** As results and files name what means something alone. */
  @Test
  void whatSaysItsNoiseLevelAloneIsUpscaled() {
    Values upscaled = request(Parameters.NOISE_LEVEL.of(40)).upscaled().values();
    assertThat(InputImage.isUsed(Parameters.STRENGTH, upscaled)).isFalse();
    assertThat(InputImage.isUsed(Parameters.NOISE_LEVEL, upscaled)).isTrue();
    assertThat(InputImage.isUsed(Parameters.NOISE_LEVEL, request().values())).isFalse();

    Values told = upscaled.only(parameter -> InputImage.isUsed(parameter, upscaled));
    assertThat(Start.completed(told)).isEqualTo(upscaled);
    assertThat(Start.completed(Values.of()))
        .isEqualTo(Values.usual().only(Parameter::decidesImage));
  }

  @Test
  void imagesShareABatchWhereTheyTakeTheSameSteps() {
    assertThat(request(Parameters.STRENGTH.of(0.81)).batchKey())
        .isEqualTo(request(Parameters.STRENGTH.of(0.8)).batchKey());
    assertThat(request(Parameters.STRENGTH.of(0.7)).batchKey()).isNotEqualTo(request().batchKey());
    assertThat(request(Parameters.STRENGTH.of(1.0)).batchKey())
        .isNotEqualTo(request().withInputs(Map.of()).batchKey());
  }

  @ParameterizedTest
  @CsvSource({"0.01, false", "0.02, true", "0, false"})
  void oneStepIsTakenAtLeast(double strength, boolean fits) {
    Values row =
        Values.of(Parameters.INIT_IMAGE.of("in.png"), Parameters.STRENGTH.of(strength))
            .withDefaults(Values.usual());
    String problem =
        "Cannot use strength: one step must be taken at least (%s of 50 steps)".formatted(strength);
    assertThat(Start.problem(row)).isEqualTo(fits ? Optional.empty() : Optional.of(problem));
    assertThat(Start.problem(row.only(p -> p != Parameters.STRENGTH))).isEmpty();
    assertThat(Start.problem(row.with(Parameters.INIT_IMAGE.of("")))).isEmpty();
  }

  private static ImageRequest request(Parameter.Value<?>... values) {
    return Requests.of("r", 0, "a cat", "", values)
        .withInputs(Map.of(InputImage.INIT, new InputFile("in.png", HASH)));
  }
}
