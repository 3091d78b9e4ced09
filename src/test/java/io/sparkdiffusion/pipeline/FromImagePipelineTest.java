package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs against diffusers' StableDiffusionImg2ImgPipeline on the same weights. */
class FromImagePipelineTest {

  static List<PipelineCase> runs() {
    return PipelineCase.fromImage();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentAndThePixelsEqualDiffusers(PipelineCase run) {
    StableDiffusionPipelineTest.assertEqualToDiffusers(run, images(run, 1));
  }

  /**
   * The images of a run.
   *
   * @param scale how many times smaller they are
   */
  static InputPixels images(PipelineCase run, int scale) {
    ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
    ImageRequest first = run.requests().get(0);
    int height = first.heightPixels() / scale;
    int width = first.widthPixels() / scale;
    byte[] all = numbers.bytes("images/%sx%s".formatted(height, width));
    int count = all.length / run.requests().size();
    assertThat(count).isEqualTo(3 * height * width);
    return (request, input) -> {
      int place = run.requests().indexOf(request);
      return Arrays.copyOfRange(all, place * count, (place + 1) * count);
    };
  }
}
