package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.weights.ModelFolder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PipelineTimesTest {

  /** Networks are read and compiled amid the first picture, and are no part of its inference. */
  @Test
  void loadingCompilingAndInferenceShareTheTimeAmongThem() {
    long begin = System.nanoTime();
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      List<Long> seen = new ArrayList<>();
      pipeline.generate(
          List.of(new ImageRequest("a", 0, "a fox", "", 1, 2, 7.5, 0, 64, 64, "ddim", 0)),
          latents -> seen.add(System.nanoTime()));
      Duration all = Duration.ofNanos(System.nanoTime() - begin);
      PipelineTimes times = pipeline.times();

      assertThat(times.inference())
          .as("no less than the steps take")
          .isGreaterThanOrEqualTo(Duration.ofNanos(seen.get(seen.size() - 1) - seen.get(0)));
      assertThat(times.load()).isPositive();
      assertThat(times.compile()).isPositive();
      assertThat(times.load().plus(times.compile()).plus(times.inference()))
          .isLessThanOrEqualTo(all);
    }
  }
}
