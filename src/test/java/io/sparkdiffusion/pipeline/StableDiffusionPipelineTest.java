package io.sparkdiffusion.pipeline;

import static io.sparkdiffusion.testing.Comparison.assertClose;
import static io.sparkdiffusion.testing.Comparison.worstError;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs against diffusers' StableDiffusionPipeline on the same weights, in float32. */
class StableDiffusionPipelineTest {

  private static final double LATENT_BOUND = 1e-4;
  private static final double EQUAL_PIXELS = 0.999;

  /** Heun and UniPC add differences of outputs, and so their rounding. */
  private static final double EQUAL_PIXELS_OF_SAMPLERS = 0.998;

  static List<PipelineCase> runs() {
    return Stream.of(PipelineCase.all(), PipelineCase.samplers()).flatMap(List::stream).toList();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentAndThePixelsEqualDiffusers(PipelineCase run) {
    assertEqualToDiffusers(run);
  }

  static void assertEqualToDiffusers(PipelineCase run) {
    assertEqualToDiffusers(run, InputPixels.NONE);
  }

  static void assertEqualToDiffusers(PipelineCase run, InputPixels starts) {
    assertEqualToDiffusers(run, Additions.NONE, starts);
  }

  static void assertEqualToDiffusers(PipelineCase run, Additions added, InputPixels starts) {
    ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
    float[] expected = numbers.floats(run.name() + "/latents");
    byte[] pixels = numbers.bytes(run.name() + "/pixels");
    int images = run.requests().size();
    List<float[]> latents = new ArrayList<>();
    List<ImageResult> results;
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder(run.model())),
            added,
            new PipelineOptions("cpu", "float32", images, run.schedulerOverrides()))) {
      results = pipeline.generate(run.requests(), starts, given -> latents.add(given.get()));
    }

    assertThat(latents).hasSize((int) numbers.shape(run.name() + "/latents")[0]);
    int count = expected.length / latents.size();
    float[] actual = new float[expected.length];
    for (int step = 0; step < latents.size(); step++) {
      System.arraycopy(latents.get(step), 0, actual, step * count, count);
    }
    for (int step = 0; step < latents.size(); step++) {
      float[] reference = Arrays.copyOfRange(expected, step * count, (step + 1) * count);
      if (step == latents.size() - 1) {
        assertClose(run.name(), latents.get(step), reference, LATENT_BOUND);
      } else {
        assertThat(worstError(latents.get(step), reference))
            .as("%s, latents %d", run, step)
            .isLessThanOrEqualTo(LATENT_BOUND);
      }
    }
    assertPixels(run, results, pixels);
  }

  private static void assertPixels(PipelineCase run, List<ImageResult> results, byte[] reference) {
    int image = reference.length / results.size();
    int equal = 0;
    for (int i = 0; i < reference.length; i++) {
      assertThat(results.get(i / image)).isInstanceOf(ImageResult.Generated.class);
      byte[] rgb = ((ImageResult.Generated) results.get(i / image)).rgb();
      int difference = Math.abs((rgb[i % image] & 0xFF) - (reference[i] & 0xFF));
      assertThat(difference).as("%s, value %d", run, i).isLessThanOrEqualTo(1);
      equal += difference == 0 ? 1 : 0;
    }
    System.out.printf(
        Locale.ROOT, "%s pixels equal %.4f%%%n", run, 100.0 * equal / reference.length);
    assertThat((double) equal / reference.length)
        .as("%s, share of equal values", run)
        .isGreaterThanOrEqualTo(
            run.numbers().equals(PipelineCase.SAMPLERS) ? EQUAL_PIXELS_OF_SAMPLERS : EQUAL_PIXELS);
  }
}
