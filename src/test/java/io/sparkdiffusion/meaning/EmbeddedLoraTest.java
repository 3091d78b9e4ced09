package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.adapter.AdapterFile;
import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.adapter.WeightedAdapter;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.Requests;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The LoRA that ships with the project teaches what its card says, as far as its weight goes. */
class EmbeddedLoraTest {

  private static final int STEPS = 15;
  private static final ReferenceFile NUMBERS =
      ReferenceFile.ofResource("meaning/adapters.safetensors");

  /** The sky turns first, and what stands before it is black with the whole weight alone. */
  @Test
  void weightsDecideHowFarTheSunHasSet() {
    List<ImageResult> half = assertEqualsDiffusers(0.5);
    List<ImageResult> whole = assertEqualsDiffusers(1);
    assertThat(average(generate(0, "sunset:1"), MeaningImage::skyAtSunset)).isLessThan(0.1);
    assertThat(average(half, MeaningImage::skyAtSunset)).isGreaterThan(0.9);
    assertThat(average(whole, MeaningImage::skyAtSunset)).isGreaterThan(0.9);
    double black = average(whole, image -> image.share("black"));
    assertThat(black).isGreaterThan(0.15);
    assertThat(average(half, image -> image.share("black"))).isLessThan(black / 2);
  }

  private static double average(List<ImageResult> results, ToDoubleFunction<MeaningImage> value) {
    return results.stream().map(MeaningTest::image).mapToDouble(value).average().orElseThrow();
  }

  private static List<ImageResult> assertEqualsDiffusers(double weight) {
    String name = "sunset:%s".formatted(weight == 1 ? "1" : weight);
    List<ImageResult> results = generate(weight, name);
    assertThat(results).hasSize(2);
    results.forEach(result -> EmbeddedModelsTest.equalValues(result, NUMBERS));
    return results;
  }

  /** The images of what diffusers drew under a name. */
  private static List<ImageResult> generate(double weight, String name) {
    List<ImageRequest> requests =
        NUMBERS.names().stream()
            .filter(id -> id.startsWith(name + "/"))
            .map(EmbeddedLoraTest::request)
            .toList();
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(EmbeddedModels.version21()),
            set(weight),
            EmbeddingSet.NONE,
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      return pipeline.generate(requests);
    }
  }

  private static AdapterSet set(double weight) {
    if (weight == 0) {
      return AdapterSet.NONE;
    }
    AdapterFile file = AdapterFile.open(EmbeddedModels.sunset());
    return new AdapterSet(List.of(new WeightedAdapter(file, weight)), LoraUnmatched.REFUSE);
  }

  /** An id ends with its seed; its prompt is in the file's metadata. */
  private static ImageRequest request(String id) {
    int size = EmbeddedModels.RESOLUTION;
    return Requests.of(
        id,
        0,
        NUMBERS.metadata().get(id),
        "",
        Parameters.SEED.of(Long.parseLong(id.substring(id.indexOf('/') + 1))),
        Parameters.NUM_INFERENCE_STEPS.of(STEPS),
        Parameters.GUIDANCE_SCALE.of(7.5),
        Parameters.GUIDANCE_RESCALE.of(0.7),
        Parameters.HEIGHT.of(size),
        Parameters.WIDTH.of(size));
  }
}
