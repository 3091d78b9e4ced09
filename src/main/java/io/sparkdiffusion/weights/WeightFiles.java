package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the weight files of a model's networks. Safetensors are one file, or the shards of an
 * index.
 *
 * @param choice of the weights that are used
 * @param networks all of the model's
 */
public record WeightFiles(Path root, WeightChoice choice, List<NetworkFiles> networks) {

  private static final int MOST_TOLD = 5;

  /** Keeps a copy. */
  public WeightFiles {
    networks = List.copyOf(networks);
  }

  /**
   * The files of a network. One that has none of the variant has its usual ones, as in diffusers,
   * where another network has some.
   *
   * @throws ProblemsException where there is none; pickles are named and not read
   */
  public List<Path> find(NetworkFiles network) {
    Path folder = root.resolve(network.folder());
    Path file =
        first(root, choice, network)
            .or(() -> isVariantElsewhere() ? usual(network) : Optional.empty())
            .orElseThrow(() -> new MissingWeights(this).of(network));
    return file.toString().endsWith(".json") ? shards(folder, file) : List.of(file);
  }

  private Optional<Path> usual(NetworkFiles network) {
    return first(root, WeightChoice.of(choice.format()), network);
  }

  private boolean isVariantElsewhere() {
    return !choice.variant().isEmpty()
        && networks.stream().anyMatch(other -> first(root, choice, other).isPresent());
  }

  /** Whether a network has usual weights of a format. */
  public static boolean isThere(Path root, WeightFormat format, NetworkFiles network) {
    return first(root, WeightChoice.of(format), network).isPresent();
  }

  /** True for the relative path of a list of shards, of any variant. */
  public static boolean isIndex(String path, List<NetworkFiles> networks) {
    return networks.stream().anyMatch(network -> WeightNames.isIndex(path, network));
  }

  /** True for the relative path of a file that, where it is there, no other is preferred to. */
  public static boolean isPreferred(String path, WeightChoice choice, List<NetworkFiles> networks) {
    return networks.stream().anyMatch(network -> WeightNames.isPreferred(path, choice, network));
  }

  private static Optional<Path> first(Path root, WeightChoice choice, NetworkFiles network) {
    Path folder = root.resolve(network.folder());
    return WeightNames.endings(choice).stream()
        .map(ending -> folder.resolve(network.fileName(choice.format()) + ending))
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
