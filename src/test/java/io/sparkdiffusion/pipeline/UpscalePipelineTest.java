package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs against diffusers' StableDiffusionUpscalePipeline on the same weights. */
class UpscalePipelineTest {

  private final PipelineCase first = runs().get(0);
  private final ImageRequest request = first.requests().get(0);

  static List<PipelineCase> runs() {
    return PipelineCase.upscaled();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentAndThePixelsEqualDiffusers(PipelineCase run) {
    StableDiffusionPipelineTest.assertEqualToDiffusers(run, FromImagePipelineTest.images(run, 4));
  }

  /** Padding or another image beside it: an image is its own. */
  @Test
  void bytesDoNotDependOnNeighboursInABatch() {
    InputPixels small = FromImagePipelineTest.images(first, 4);
    try (StableDiffusionPipeline pipeline = load()) {
      byte[] alone = rgb(pipeline.generate(List.of(request), small, 2).get(0));
      assertThat(rgb(pipeline.generate(first.requests(), small, 2).get(0))).isEqualTo(alone);
    }
  }

  @Test
  void moreNoiseMakesAnotherImage() {
    InputPixels small = FromImagePipelineTest.images(first, 4);
    ImageRequest noisier = request.with(Parameters.NOISE_LEVEL.of(40));
    try (StableDiffusionPipeline pipeline = load()) {
      assertThat(
              rgb(
                  pipeline
                      .generate(List.of(noisier), (any, input) -> small.rgb(request, input), 1)
                      .get(0)))
          .isNotEqualTo(rgb(pipeline.generate(List.of(request), small, 1).get(0)));
      assertThatThrownBy(() -> pipeline.generate(List.of(request, noisier), small, 2))
          .hasMessageContaining("all must have the same steps");
    }
  }

  private static StableDiffusionPipeline load() {
    return StableDiffusionPipeline.load(
        ModelFolder.open(ReferenceModels.folder("upscaler")),
        new PipelineOptions("cpu", "float32", 1, Map.of()));
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }
}
