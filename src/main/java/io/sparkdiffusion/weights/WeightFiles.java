package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds a network's weight files. Safetensors are one file, or the shards of an index, full
 * precision first; Flax has one file.
 */
final class WeightFiles {

  /** In the order of preference; diffusers has written both names of a half-precision index. */
  private static final List<String> EXTENSIONS =
      List.of(
          ".safetensors",
          ".safetensors.index.json",
          ".fp16.safetensors",
          ".safetensors.index.fp16.json",
          ".fp16.safetensors.index.json");

  private static final List<String> FLAX_EXTENSIONS = List.of(FlaxFile.EXTENSION);

  private WeightFiles() {}

  /**
   * The files of a network.
   *
   * @throws ProblemsException where there is none; pickles are named and not read
   */
  static List<Path> find(Path root, WeightFormat format, Component component) {
    Path folder = root.resolve(component.folder());
    Path file =
        first(folder, format, component)
            .orElseThrow(() -> new ProblemsException(missing(folder, format, component)));
    return file.toString().endsWith(".json") ? shards(folder, file) : List.of(file);
  }

  /** Whether a network has weights of a format. */
  static boolean isThere(Path root, WeightFormat format, Component component) {
    return first(root.resolve(component.folder()), format, component).isPresent();
  }

  private static Optional<Path> first(Path folder, WeightFormat format, Component component) {
    return extensions(format).stream()
        .map(extension -> folder.resolve(component.fileName(format) + extension))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private static List<String> extensions(WeightFormat format) {
    return switch (format) {
      case SAFETENSORS -> EXTENSIONS;
      case FLAX -> FLAX_EXTENSIONS;
    };
  }

  /** True for the relative path of a list of shards. */
  static boolean isIndex(String name) {
    return EXTENSIONS.stream()
        .filter(extension -> extension.endsWith(".json"))
        .anyMatch(extension -> isOfNetwork(name, WeightFormat.SAFETENSORS, extension));
  }

  /** True for the relative path of the file that is looked for first. */
  static boolean isPreferred(String name, WeightFormat format) {
    return isOfNetwork(name, format, extensions(format).get(0));
  }

  private static boolean isOfNetwork(String name, WeightFormat format, String extension) {
    return Arrays.stream(Component.values())
        .map(component -> component.folder() + "/" + component.fileName(format) + extension)
        .anyMatch(name::equals);
  }

  private static String missing(Path folder, WeightFormat format, Component component) {
    String hint = hint(folder, format, component);
    Optional<String> pickle = hint.isEmpty() ? pickle(folder) : Optional.empty();
    return pickle
        .map(
            name ->
                ("Cannot load %s of %s: a .bin or .ckpt file is a pickle, which can run code when"
                        + " it is read, so only safetensors are (%s); convert it once with"
                        + " diffusers' save_pretrained(..., safe_serialization=True)")
                    .formatted(component, folder.getParent(), name))
        .orElseGet(
            () ->
                "Cannot load %s of %s: %s%s must be there (missing)%s"
                    .formatted(
                        component,
                        folder.getParent(),
                        component.fileName(format),
                        extensions(format).get(0),
                        hint));
  }

  private static String hint(Path folder, WeightFormat format, Component component) {
    return switch (format) {
      case SAFETENSORS ->
          isThere(folder.getParent(), WeightFormat.FLAX, component)
              ? "; the weights there are Flax's, set from_pt=false"
              : "";
      case FLAX ->
          isThere(folder.getParent(), WeightFormat.SAFETENSORS, component)
              ? "; the weights there are PyTorch's, set from_pt=true"
              : "; from_pt=false asks for Flax's weights";
    };
  }

  private static Optional<String> pickle(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches(".*\\.(bin|ckpt|pt|pth)(\\.index\\.json)?"))
          .sorted()
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static List<Path> shards(Path folder, Path index) {
    Object given =
        StrictJson.read(index, SmallFile.VOCABULARY_BYTES).getOrDefault("weight_map", "absent");
    if (!(given instanceof Map<?, ?> map) || map.isEmpty()) {
      throw new ProblemsException(
          "Cannot read %s: it must hold a weight_map of names to files (%s)"
              .formatted(index, given));
    }
    List<String> problems =
        map.values().stream()
            .distinct()
            .flatMap(name -> problem(folder, index, name).stream())
            .toList();
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
    return map.values().stream()
        .map(String.class::cast)
        .distinct()
        .sorted()
        .map(folder::resolve)
        .toList();
  }

  private static Optional<String> problem(Path folder, Path index, Object name) {
    if (!(name instanceof String file)
        || !file.matches("[A-Za-z0-9._-]+\\.safetensors")
        || file.startsWith(".")) {
      return Optional.of(
          "Cannot read %s: a shard must be the plain name of a .safetensors file (%s)"
              .formatted(index, name));
    }
    return Files.isRegularFile(folder.resolve(file))
        ? Optional.empty()
        : Optional.of(
            "Cannot read shard %s of %s: the file must be there (missing)".formatted(file, index));
  }
}
