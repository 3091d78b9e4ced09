package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.adapter.AdapterFile;
import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.adapter.WeightedAdapter;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.testing.EmbeddedModels;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The LoRA that ships with the project teaches what its card says, as far as its weight goes. */
class EmbeddedLoraTest {

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
    List<ImageResult> results = generate(weight, "sunset:%s".formatted(weight == 1 ? "1" : weight));
    AdapterImages.assertEqualDiffusers(results);
    return results;
  }

  private static List<ImageResult> generate(double weight, String name) {
    return AdapterImages.generate(name, set(weight), EmbeddingSet.NONE);
  }

  private static AdapterSet set(double weight) {
    if (weight == 0) {
      return AdapterSet.NONE;
    }
    AdapterFile file = AdapterFile.open(EmbeddedModels.sunset());
    return new AdapterSet(List.of(new WeightedAdapter(file, weight)), LoraUnmatched.REFUSE);
  }
}
