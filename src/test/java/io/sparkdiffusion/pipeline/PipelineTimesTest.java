package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PipelineTimesTest {

  /** Networks are read and compiled amid the first image, and are no part of its inference. */
  @Test
  void loadingCompilingAndInferenceShareTheTimeAmongThem() {
    long begin = System.nanoTime();
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      List<Long> seen = new ArrayList<>();
      List<PipelineTimes> amid = new ArrayList<>();
      pipeline.generate(
          List.of(
              Requests.of(
                  "a",
                  0,
                  "a fox",
                  "",
                  Parameters.SEED.of(1L),
                  Parameters.NUM_INFERENCE_STEPS.of(2),
                  Parameters.HEIGHT.of(64),
                  Parameters.WIDTH.of(64))),
          latents -> {
            amid.add(askedByAnother(pipeline));
            seen.add(System.nanoTime());
          });
      Duration all = Duration.ofNanos(System.nanoTime() - begin);
      PipelineTimes times = pipeline.times();

      assertThat(times.inference())
          .as("no less than the steps take")
          .isGreaterThanOrEqualTo(Duration.ofNanos(seen.get(seen.size() - 1) - seen.get(0)));
      assertThat(amid.get(0).inference()).as("texts alone").isLessThan(times.inference());
      assertThat(times.load()).isPositive();
      assertThat(times.compile()).isPositive();
      assertThat(times.load().plus(times.compile()).plus(times.inference()))
          .isLessThanOrEqualTo(all);
    }
  }

  /** Another task, which tells its own times, need not wait for this one's images. */
  private static PipelineTimes askedByAnother(StableDiffusionPipeline pipeline) {
    return CompletableFuture.supplyAsync(pipeline::times).orTimeout(20, TimeUnit.SECONDS).join();
  }
}
