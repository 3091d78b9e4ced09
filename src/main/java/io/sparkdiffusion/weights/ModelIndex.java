package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What {@code model_index.json} says of a model: which pipeline it is and of which classes. */
final class ModelIndex {

  /** The second has the same parts. */
  private static final List<String> PIPELINES =
      List.of("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline");

  private static final String OTHERS = "other kinds of models are not supported";

  private static final SortedMap<String, List<String>> CLASSES =
      new TreeMap<>(
          Map.of(
              "text_encoder", List.of("CLIPTextModel"),
              "tokenizer", List.of("CLIPTokenizer", "CLIPTokenizerFast"),
              "unet", List.of("UNet2DConditionModel"),
              "vae", List.of("AutoencoderKL")));

  private ModelIndex() {}

  /**
   * Checks the classes that a folder names.
   *
   * @throws ProblemsException with every one that is another
   */
  static void check(Path root) {
    Path index = root.resolve("model_index.json");
    Map<String, Object> json = StrictJson.read(index);
    List<ProblemsException> problems = new ArrayList<>();
    Object pipeline = json.getOrDefault("_class_name", "absent");
    if (!isName(pipeline, PIPELINES)) {
      problems.add(
          ProblemsException.withFix(
              "Cannot use %s: its _class_name must be %s (%s)"
                  .formatted(index, PIPELINES.get(0), Shown.value(pipeline)),
              OTHERS));
    }
    CLASSES.forEach(
        (part, allowed) -> {
          Object entry = json.getOrDefault(part, "absent");
          if (!isClass(entry, allowed)) {
            problems.add(
                ProblemsException.withFix(
                    "Cannot use %s of %s: its class must be %s (%s)"
                        .formatted(part, index, String.join(" or ", allowed), Shown.value(entry)),
                    OTHERS));
          }
        });
    if (!problems.isEmpty()) {
      throw ProblemsException.of(problems);
    }
  }

  /** An entry is the name of a library and of a class. */
  private static boolean isClass(Object entry, List<String> allowed) {
    return entry instanceof List<?> pair && pair.size() == 2 && isName(pair.get(1), allowed);
  }

  /** Flax's classes have their own names and the same configurations. */
  private static boolean isName(Object given, List<String> allowed) {
    return given instanceof String name && allowed.contains(name.replaceFirst("^Flax", ""));
  }
}
