package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole runs against diffusers' StableDiffusionInpaintPipeline, with UNets of 4 and of 9 channels,
 * and StableDiffusionDepth2ImgPipeline on the same weights.
 */
class FromInputsPipelineTest {

  static List<PipelineCase> runs() {
    return PipelineCase.fromInputs();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentAndThePixelsEqualDiffusers(PipelineCase run) {
    StableDiffusionPipelineTest.assertEqualToDiffusers(run, inputs(run));
  }

  private static InputPixels inputs(PipelineCase run) {
    ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
    return (request, input) -> {
      String size = "%sx%s".formatted(request.heightPixels(), request.widthPixels());
      byte[] all =
          switch (input) {
            case INIT -> numbers.bytes("images/" + size);
            case MASK -> coloured(numbers.bytes("masks/" + size));
            case DEPTH -> coloured(numbers.bytes("depths/" + size));
            case CONTROL, CONTROL_2, CONTROL_3 -> throw new AssertionError("no ControlNet");
          };
      int count = all.length / run.requests().size();
      int place = run.requests().indexOf(request);
      return Arrays.copyOfRange(all, place * count, (place + 1) * count);
    };
  }

  private static byte[] coloured(byte[] greys) {
    byte[] rgb = new byte[3 * greys.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = greys[i / 3];
    }
    return rgb;
  }
}
