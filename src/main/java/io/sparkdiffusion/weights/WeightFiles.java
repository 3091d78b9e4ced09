package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds a network's weight files. Safetensors are one file, or the shards of an index. */
final class WeightFiles {

  private static final int MOST_TOLD = 5;

  private WeightFiles() {}

  /**
   * The files of a network. One that has none of the variant has its usual ones, as in diffusers,
   * where another network has some.
   *
   * @throws ProblemsException where there is none; pickles are named and not read
   */
  static List<Path> find(Path root, WeightChoice choice, Component component) {
    Path folder = root.resolve(component.folder());
    Path file =
        first(root, choice, component)
            .or(() -> isVariantElsewhere(root, choice) ? usual(root, choice, component) : none())
            .orElseThrow(() -> new MissingWeights(root, choice).of(component));
    return file.toString().endsWith(".json") ? shards(folder, file) : List.of(file);
  }

  private static Optional<Path> none() {
    return Optional.empty();
  }

  private static Optional<Path> usual(Path root, WeightChoice choice, Component component) {
    return first(root, WeightChoice.of(choice.format()), component);
  }

  private static boolean isVariantElsewhere(Path root, WeightChoice choice) {
    return !choice.variant().isEmpty()
        && Arrays.stream(Component.values()).anyMatch(other -> isThere(root, choice, other));
  }

  /** Whether a network has usual weights of a format. */
  static boolean isThere(Path root, WeightFormat format, Component component) {
    return isThere(root, WeightChoice.of(format), component);
  }

  private static boolean isThere(Path root, WeightChoice choice, Component component) {
    return first(root, choice, component).isPresent();
  }

  private static Optional<Path> first(Path root, WeightChoice choice, Component component) {
    Path folder = root.resolve(component.folder());
    return WeightNames.endings(choice).stream()
        .map(ending -> folder.resolve(component.fileName(choice.format()) + ending))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static List<Path> shards(Path folder, Path index) {
    Object given =
        StrictJson.read(index, SmallFile.VOCABULARY_BYTES).getOrDefault("weight_map", "absent");
    if (!(given instanceof Map<?, ?> map) || map.isEmpty()) {
      throw new ProblemsException(
          "Cannot read %s: it must hold a weight_map of names to files (%s)"
              .formatted(index, Shown.value(given)));
    }
    List<Object> names = map.values().stream().map(Object.class::cast).distinct().toList();
    List<String> broken =
        names.stream().filter(name -> !isPlain(name)).map(String::valueOf).toList();
    refuse(
        broken,
        "Cannot read " + index + ": a shard must be the plain name of a .safetensors file (%s)");
    List<Path> shards =
        names.stream().map(String.class::cast).sorted().map(folder::resolve).toList();
    requireAll(shards, index);
    return shards;
  }

  private static boolean isPlain(Object name) {
    return name instanceof String file
        && file.matches("[A-Za-z0-9_-][A-Za-z0-9._-]{0,250}\\.safetensors");
  }

  private static void requireAll(List<Path> shards, Path index) {
    List<String> missing =
        shards.stream()
            .filter(shard -> !Files.isRegularFile(shard))
            .map(shard -> shard.getFileName().toString())
            .toList();
    refuse(missing, "Cannot read shard %s of " + index + ": the file must be there (missing)");
  }

  /** Some are told one by one, many in one line. */
  private static void refuse(List<String> names, String problem) {
    List<String> told =
        names.size() > MOST_TOLD
            ? List.of(Shown.some(names))
            : names.stream().map(Shown::text).toList();
    if (!told.isEmpty()) {
      throw new ProblemsException(told.stream().map(name -> problem.replace("%s", name)).toList());
    }
  }
}
