package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.weights.ModelFolder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A picture depends on its own request alone. */
class BatchIndependenceTest {

  private static final int BATCH = 4;

  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16"})
  void bytesDoNotDependOnNeighboursPositionOrPadding(String dtype) {
    List<ImageRequest> requests =
        IntStream.range(0, 8).mapToObj(i -> request(i, 7.5 - i, i % 2 * 0.7, 0.5)).toList();
    try (StableDiffusionPipeline pipeline = load(dtype)) {
      List<byte[]> alone =
          requests.stream()
              .map(request -> rgb(pipeline.generate(List.of(request)).get(0)))
              .toList();
      List<ImageRequest> shuffled = new ArrayList<>(requests);
      Random random = new Random(42);
      for (int round = 0; round < 4; round++) {
        Collections.shuffle(shuffled, random);
        List<ImageRequest> batch = shuffled.subList(0, 1 + random.nextInt(BATCH));
        for (ImageResult result : pipeline.generate(batch)) {
          assertThat(rgb(result)).isEqualTo(alone.get(requests.indexOf(result.request())));
        }
      }
    }
  }

  @Test
  void bytesAreTheSameInASecondPipeline() {
    ImageRequest request = request(3, 7.5, 0.7, 0);
    byte[] first;
    try (StableDiffusionPipeline pipeline = load("float32")) {
      first = rgb(pipeline.generate(List.of(request)).get(0));
    }
    try (StableDiffusionPipeline pipeline = load("float32")) {
      assertThat(rgb(pipeline.generate(List.of(request)).get(0))).isEqualTo(first);
    }
  }

  @Test
  void requestsThatDoNotFitTogetherAreRefused() {
    try (StableDiffusionPipeline pipeline = load("float32")) {
      assertThatThrownBy(
              () -> pipeline.generate(List.of(request(0, 7.5, 0, 0), request(1, 1, 0, 0))))
          .hasMessage(
              "Cannot make a batch: steps, size, scheduler, eta and guidance on or off must be"
                  + " equal (they differ)");
      assertThatThrownBy(() -> pipeline.generate(List.of()))
          .hasMessage("Cannot make a batch: it must hold 1 to 4 requests (0)");
    }
  }

  @Test
  void stepsThatTheScheduleCannotMakeAreFailedRows() {
    try (StableDiffusionPipeline pipeline = load("float32")) {
      ImageRequest all = new ImageRequest("x", 0, "a", "", 0, 1000, 7.5, 0, 64, 64, "ddim", 0);
      assertThat(pipeline.generate(List.of(all)).get(0))
          .isInstanceOfSatisfying(
              ImageResult.Failed.class,
              failed -> assertThat(failed.reason()).startsWith("Cannot ").contains("1000"));
    }
  }

  @Test
  void halfPrecisionOnACpuIsRefused() {
    assertThatThrownBy(() -> load("float16"))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot compute in float16 on a CPU: ")
        .hasMessageEndingWith("(activations_dtype=float16)");
  }

  @Test
  void aGpuThatIsNotThereIsRefused() {
    assertThatThrownBy(
            () ->
                StableDiffusionPipeline.load(
                    ModelFolder.open(ReferenceModels.folder("base")),
                    new PipelineOptions("cuda:7", "float32", 1, Map.of())))
        .hasMessageStartingWith("Cannot open device cuda:7: libtorch must see that GPU (it sees ")
        .hasMessageEndingWith("or use device=cpu");
  }

  private static StableDiffusionPipeline load(String dtype) {
    return StableDiffusionPipeline.load(
        ModelFolder.open(ReferenceModels.folder("base")),
        new PipelineOptions("cpu", dtype, BATCH, Map.of()));
  }

  private static ImageRequest request(int seed, double guidance, double rescale, double eta) {
    return new ImageRequest(
        "row" + seed,
        0,
        "picture " + seed,
        "noise",
        seed,
        3,
        guidance,
        rescale,
        64,
        64,
        "ddim",
        eta);
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }
}
