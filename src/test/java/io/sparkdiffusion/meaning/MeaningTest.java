package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.meaning.MeaningPrompt.Aspect;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.Requests;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How far the embedded models draw what prompts say; guidance rescale and negative prompts do their
 * work.
 */
class MeaningTest {

  static final int STEPS = 20;

  /** What the shipped weights keep, with some prompts to spare for another processor's rounding. */
  private static final Map<Aspect, Double> FLOORS =
      Map.of(
          Aspect.BACKGROUND, 0.98,
          Aspect.COLOUR, 0.90,
          Aspect.SHAPE, 0.81,
          Aspect.RELATION, 0.82);

  /** How much less may hold of pairs of shape and colour that were never trained. */
  private static final double HELD_OUT_LOSS = 0.10;

  /** Images of a circle whose colour is left open, and of one without each colour. */
  private static final int SEEDS = 8;

  @Test
  void imagesOfTheBaseModelFollowPrompts() {
    assertFloors(rates(EmbeddedModels.base(), eachNth(6), 0));
  }

  /** With the guidance rescale that its noise schedule wants. */
  @Test
  void imagesOfVersion21FollowPrompts() {
    assertFloors(rates(EmbeddedModels.version21(), eachNth(6), 0.7));
  }

  @Tag("soak")
  @Test
  void allImagesOfTheBaseModelFollowPrompts() {
    Rates rates = rates(EmbeddedModels.base(), eachNth(1), 0);
    assertFloors(rates);
    assertWhatWasHeldOutIsNear(rates);
  }

  @Tag("soak")
  @Test
  void manyImagesOfVersion21FollowPrompts() {
    Rates rates = rates(EmbeddedModels.version21(), eachNth(3), 0.7);
    assertFloors(rates);
    assertWhatWasHeldOutIsNear(rates);
  }

  private static List<MeaningPrompt> eachNth(int n) {
    List<MeaningPrompt> all = MeaningPrompt.all();
    return IntStream.range(0, all.size()).filter(i -> i % n == 0).mapToObj(all::get).toList();
  }

  /** Which share of prompts holds in their images. */
  private record Rates(
      Map<Aspect, Double> all, Map<Aspect, Double> trained, Map<Aspect, Double> heldOut) {}

  private static void assertFloors(Rates rates) {
    FLOORS.forEach(
        (aspect, floor) ->
            assertThat(rates.all().get(aspect)).as("%s", aspect).isGreaterThanOrEqualTo(floor));
  }

  /** Of the few prompts that each build takes, one image would be more than the difference. */
  private static void assertWhatWasHeldOutIsNear(Rates rates) {
    for (Aspect aspect : Aspect.values()) {
      assertThat(rates.heldOut().get(aspect))
          .as("%s of what was never trained", aspect)
          .isGreaterThanOrEqualTo(rates.trained().get(aspect) - HELD_OUT_LOSS);
    }
  }

  private static Rates rates(Path model, List<MeaningPrompt> prompts, double rescale) {
    List<Map<Aspect, Boolean>> verdicts = new ArrayList<>();
    List<MeaningImage> images =
        generate(model, prompts.stream().map(p -> p.request(STEPS, 7.5, rescale)).toList());
    for (int i = 0; i < prompts.size(); i++) {
      verdicts.add(prompts.get(i).verdict(images.get(i)));
    }
    Rates rates =
        new Rates(
            rates(prompts, verdicts, prompt -> true),
            rates(prompts, verdicts, prompt -> !prompt.heldOut()),
            rates(prompts, verdicts, MeaningPrompt::heldOut));
    System.out.printf(
        Locale.ROOT,
        "%s, %d prompts: %s; trained %s; held out %s%n",
        model,
        prompts.size(),
        rates.all(),
        rates.trained(),
        rates.heldOut());
    return rates;
  }

  private static Map<Aspect, Double> rates(
      List<MeaningPrompt> prompts,
      List<Map<Aspect, Boolean>> verdicts,
      Predicate<MeaningPrompt> which) {
    Map<Aspect, Double> rates = new EnumMap<>(Aspect.class);
    for (Aspect aspect : Aspect.values()) {
      rates.put(
          aspect,
          IntStream.range(0, prompts.size())
              .filter(i -> which.test(prompts.get(i)) && verdicts.get(i).containsKey(aspect))
              .mapToDouble(i -> verdicts.get(i).get(aspect) ? 1 : 0)
              .average()
              .orElseThrow());
    }
    return rates;
  }

  /** arXiv 2305.08891, section 3.4: guidance overexposes, rescaling takes it back. */
  @Tag("soak")
  @Test
  void guidanceRescaleTakesOverSaturationBack() {
    List<ImageRequest> requests = new ArrayList<>();
    for (double rescale : List.of(0.0, 0.7)) {
      MeaningPrompt.all().subList(0, 24).forEach(p -> requests.add(p.request(STEPS, 15, rescale)));
    }
    List<MeaningImage> images = generate(EmbeddedModels.version21(), requests);
    double without = average(images.subList(0, 24), MeaningImage::overSaturated);
    double with = average(images.subList(24, 48), MeaningImage::overSaturated);
    System.out.printf(
        Locale.ROOT, "over-saturated at guidance 15: %.4f, rescaled %.4f%n", without, with);
    assertThat(with).isLessThan(without / 2);
  }

  private static double average(List<MeaningImage> images, ToDoubleFunction<MeaningImage> value) {
    return images.stream().mapToDouble(value).average().orElseThrow();
  }

  /** The colour is left open, then one is taken away. */
  @Test
  void negativePromptRemovesWhatItNames() {
    List<String> negatives = List.of("", "red", "blue", "green", "yellow");
    List<ImageRequest> requests = new ArrayList<>();
    for (String negative : negatives) {
      IntStream.range(0, SEEDS).mapToObj(seed -> circle(negative, seed)).forEach(requests::add);
    }
    List<MeaningImage> images = generate(EmbeddedModels.base(), requests);
    double before = 0;
    double after = 0;
    for (int i = 1; i < negatives.size(); i++) {
      String colour = negatives.get(i);
      before += average(images.subList(0, SEEDS), image -> image.share(colour));
      after += average(images.subList(SEEDS * i, SEEDS * (i + 1)), image -> image.share(colour));
    }
    System.out.printf(
        Locale.ROOT, "pixels of four colours: %.4f, each named as negative: %.4f%n", before, after);
    assertThat(after).isLessThan(before / 3);
  }

  private static ImageRequest circle(String negative, long seed) {
    int size = EmbeddedModels.RESOLUTION;
    return Requests.of(
        "circle",
        0,
        "a large circle on a white background",
        negative,
        Parameters.SEED.of(seed),
        Parameters.NUM_INFERENCE_STEPS.of(STEPS),
        Parameters.GUIDANCE_SCALE.of(5.0),
        Parameters.HEIGHT.of(size),
        Parameters.WIDTH.of(size));
  }

  private static List<MeaningImage> generate(Path model, List<ImageRequest> requests) {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(model), new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      return pipeline.generate(requests).stream().map(MeaningTest::image).toList();
    }
  }

  static MeaningImage image(ImageResult result) {
    ImageRequest request = result.request();
    byte[] rgb = ((ImageResult.Generated) result).rgb();
    return new MeaningImage(rgb, request.widthPixels(), request.heightPixels());
  }
}
