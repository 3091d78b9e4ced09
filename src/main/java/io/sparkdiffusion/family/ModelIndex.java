package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What {@code model_index.json} says of a model: which pipeline it is and of which classes. */
final class ModelIndex {

  private static final String OTHERS = "other kinds of models are not supported";

  private ModelIndex() {}

  /**
   * Checks the classes that a folder names.
   *
   * @throws ProblemsException with every one that is another
   */
  static void check(Path root, ModelFamily family) {
    Path index = root.resolve("model_index.json");
    Map<String, Object> json = StrictJson.read(index);
    Problems problems = new Problems();
    Object pipeline = json.getOrDefault("_class_name", "absent");
    if (!isName(pipeline, family.pipelines())) {
      problems.add(
          ProblemsException.withFix(
              "Cannot use %s: its _class_name must be %s (%s)"
                  .formatted(index, family.pipelines().get(0), Shown.value(pipeline)),
              OTHERS));
    }
    family
        .classes()
        .forEach(
            (part, allowed) -> {
              Object entry = json.getOrDefault(part, "absent");
              if (!isClass(entry, allowed)) {
                problems.add(
                    ProblemsException.withFix(
                        "Cannot use %s of %s: its class must be %s (%s)"
                            .formatted(
                                part, index, String.join(" or ", allowed), Shown.value(entry)),
                        OTHERS));
              }
            });
    problems.throwIfAny();
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
