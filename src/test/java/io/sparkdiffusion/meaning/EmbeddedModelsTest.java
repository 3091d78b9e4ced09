package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The embedded models as folders, and that they draw what diffusers draws with them. */
class EmbeddedModelsTest {

  private static final long LARGEST_BYTES = 25_000_000;
  private static final double EQUAL_VALUES = 0.999;

  @Test
  void areSmallAndCompleteInThemselves() throws IOException {
    long bytes = 0;
    for (Path model : List.of(EmbeddedModels.base(), EmbeddedModels.version21())) {
      bytes += bytesOfComplete(model);
    }
    assertThat(bytes).isLessThanOrEqualTo(LARGEST_BYTES);
  }

  /** The size of a folder that has its card, and no links to what is elsewhere. */
  static long bytesOfComplete(Path model) throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.walk(model)) {
      for (Path file : files.filter(f -> !Files.isDirectory(f)).toList()) {
        assertThat(Files.isSymbolicLink(file)).as("%s is a link", file).isFalse();
        bytes += Files.size(file);
      }
    }
    assertThat(model.resolve("README.md")).isNotEmptyFile();
    return bytes;
  }

  @Test
  void baseModelDrawsWhatDiffusersDraws() {
    assertImagesEqual(EmbeddedModels.base(), 0);
  }

  @Test
  void version21DrawsWhatDiffusersDraws() {
    assertImagesEqual(EmbeddedModels.version21(), 0.7);
  }

  private static void assertImagesEqual(Path model, double rescale) {
    ReferenceFile numbers =
        ReferenceFile.ofResource("meaning/" + model.getFileName() + ".safetensors");
    List<MeaningPrompt> prompts =
        MeaningPrompt.all().stream().filter(p -> numbers.names().contains(p.id())).toList();
    assertThat(prompts).hasSameSizeAs(numbers.names()).hasSizeGreaterThanOrEqualTo(8);
    List<ImageResult> results = new ArrayList<>();
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(model), new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      results.addAll(
          pipeline.generate(
              prompts.stream().map(p -> p.request(MeaningTest.STEPS, 7.5, rescale)).toList()));
    }
    long equal = 0;
    long all = 0;
    for (ImageResult result : results) {
      equal += equalValues(result, numbers);
      all += ((ImageResult.Generated) result).rgb().length;
    }
    System.out.printf(Locale.ROOT, "%s: values equal %.4f%%%n", model, 100.0 * equal / all);
    assertThat((double) equal / all).isGreaterThanOrEqualTo(EQUAL_VALUES);
  }

  /** How many values are diffusers'; the others are at most one level off. */
  static long equalValues(ImageResult result, ReferenceFile numbers) {
    byte[] rgb = ((ImageResult.Generated) result).rgb();
    byte[] expected = numbers.bytes(result.request().id());
    assertThat(rgb).hasSameSizeAs(expected);
    long equal = 0;
    for (int i = 0; i < rgb.length; i++) {
      int difference = Math.abs((rgb[i] & 0xFF) - (expected[i] & 0xFF));
      assertThat(difference).as("%s, value %d", result.request(), i).isLessThanOrEqualTo(1);
      equal += difference == 0 ? 1 : 0;
    }
    return equal;
  }
}
