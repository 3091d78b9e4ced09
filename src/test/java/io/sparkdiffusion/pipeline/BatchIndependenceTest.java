package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An image depends on its own request alone. */
class BatchIndependenceTest {

  private static final int[][] SIZES = {{64, 64}, {72, 88}, {40, 64}};

  /** As executors do it on a CPU. */
  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16"})
  void bytesDoNotDependOnOrderAndNumber(String dtype) {
    try (StableDiffusionPipeline pipeline = load(dtype, 1)) {
      for (int[] size : SIZES) {
        List<ImageRequest> requests = requests(6, size);
        Map<ImageRequest, byte[]> together = bytes(pipeline.generate(requests));
        List<ImageRequest> shuffled = new ArrayList<>(requests);
        Collections.shuffle(shuffled, new Random(42));
        for (List<ImageRequest> part : List.of(shuffled.subList(0, 1), shuffled.subList(1, 6))) {
          bytes(pipeline.generate(part))
              .forEach((request, rgb) -> assertThat(rgb).isEqualTo(together.get(request)));
        }
      }
    }
  }

  /** As on a GPU: what stands beside an image, padding or another one, is nothing to it. */
  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16"})
  void bytesDoNotDependOnNeighboursInABatch(String dtype) {
    try (StableDiffusionPipeline pipeline = load(dtype, 3)) {
      for (int[] size : SIZES) {
        List<ImageRequest> requests = requests(7, size);
        byte[] padded = rgb(pipeline.generate(requests.subList(0, 1)).get(0));
        for (int other = 1; other < 6; other++) {
          List<ImageRequest> batch =
              List.of(requests.get(0), requests.get(other), requests.get(other + 1));
          assertThat(rgb(pipeline.generate(batch).get(0))).isEqualTo(padded);
        }
      }
    }
  }

  @Test
  void bytesAreTheSameInASecondPipeline() {
    ImageRequest request = request(3, 7.5, 0.7, 0);
    byte[] first;
    try (StableDiffusionPipeline pipeline = load("float32", 4)) {
      first = rgb(pipeline.generate(List.of(request)).get(0));
    }
    try (StableDiffusionPipeline pipeline = load("float32", 4)) {
      assertThat(rgb(pipeline.generate(List.of(request)).get(0))).isEqualTo(first);
    }
  }

  @Test
  void requestsThatDoNotFitTogetherAreRefused() {
    try (StableDiffusionPipeline pipeline = load("float32", 4)) {
      assertThatThrownBy(
              () -> pipeline.generate(List.of(request(0, 7.5, 0, 0), request(1, 1, 0, 0))))
          .hasMessage(
              "Cannot generate images: all must have the same steps, size, scheduler, eta and"
                  + " guidance on or off (2 requests with 2 such keys)");
      assertThatThrownBy(() -> pipeline.generate(List.of()))
          .hasMessageEndingWith("guidance on or off (0 requests with 0 such keys)");
    }
  }

  @Test
  void stepsThatTheScheduleCannotMakeAreFailedRows() {
    try (StableDiffusionPipeline pipeline = load("float32", 4)) {
      ImageRequest all =
          Requests.of(
              "x",
              0,
              "a",
              "",
              Parameters.NUM_INFERENCE_STEPS.of(1000),
              Parameters.HEIGHT.of(64),
              Parameters.WIDTH.of(64));
      assertThat(pipeline.generate(List.of(all)).get(0))
          .isInstanceOfSatisfying(
              ImageResult.Failed.class,
              failed -> assertThat(failed.reason()).startsWith("Cannot ").contains("1000"));
    }
  }

  @Test
  void halfPrecisionOnACpuIsRefused() {
    assertThatThrownBy(() -> load("float16", 1))
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
        .hasMessageEndingWith("or device=cpu");
  }

  private static List<ImageRequest> requests(int count, int[] size) {
    return IntStream.range(0, count)
        .mapToObj(i -> request(i, 7.5 - i, i % 2 * 0.7, 0.5, size))
        .filter(request -> request.guidanceScale() != 1)
        .toList();
  }

  private static Map<ImageRequest, byte[]> bytes(List<ImageResult> results) {
    return results.stream()
        .collect(Collectors.toMap(ImageResult::request, BatchIndependenceTest::rgb));
  }

  private static StableDiffusionPipeline load(String dtype, int batchSize) {
    return StableDiffusionPipeline.load(
        ModelFolder.open(ReferenceModels.folder("base")),
        new PipelineOptions("cpu", dtype, batchSize, Map.of()));
  }

  private static ImageRequest request(int seed, double guidance, double rescale, double eta) {
    return request(seed, guidance, rescale, eta, SIZES[0]);
  }

  private static ImageRequest request(
      int seed, double guidance, double rescale, double eta, int[] size) {
    return Requests.of(
        "row" + seed,
        0,
        "image " + seed,
        "noise",
        Parameters.SEED.of((long) seed),
        Parameters.NUM_INFERENCE_STEPS.of(3),
        Parameters.GUIDANCE_SCALE.of(guidance),
        Parameters.GUIDANCE_RESCALE.of(rescale),
        Parameters.HEIGHT.of(size[0]),
        Parameters.WIDTH.of(size[1]),
        Parameters.ETA.of(eta));
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }
}
