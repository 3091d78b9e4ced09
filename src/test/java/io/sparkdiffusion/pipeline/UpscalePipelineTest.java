package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.testing.PipelineCase;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs against diffusers' StableDiffusionUpscalePipeline on the same weights. */
class UpscalePipelineTest {

  static List<PipelineCase> runs() {
    return PipelineCase.upscaled();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentAndThePixelsEqualDiffusers(PipelineCase run) {
    StableDiffusionPipelineTest.assertEqualToDiffusers(run, FromImagePipelineTest.images(run, 4));
  }
}
