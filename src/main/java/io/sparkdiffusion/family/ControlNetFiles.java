package io.sparkdiffusion.family;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.weights.Manifest;
import io.sparkdiffusion.weights.NetworkFiles;
import io.sparkdiffusion.weights.NetworkWeights;
import io.sparkdiffusion.weights.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The files of a ControlNet in the layout that diffusers writes, a folder of its own beside a
 * model's; none of the large ones is opened.
 *
 * @param root absolute
 * @param weightFiles the large ones
 */
public record ControlNetFiles(Path root, List<Path> weightFiles) implements DiffusersFolder {

  private static final String CONFIG = "config.json";
  private static final String CLASS = "ControlNetModel";
  private static final String FROM_FILE =
      "make a folder once in Python: ControlNetModel.from_single_file(FILE).save_pretrained(FOLDER)";

  /** How its weights are called. */
  private static final NetworkFiles NAMES =
      new NetworkFiles(
          "ControlNet",
          "",
          "diffusion_pytorch_model",
          "diffusion_flax_model",
          name -> false,
          UnaryOperator.identity());

  /** Keeps a copy. */
  public ControlNetFiles {
    weightFiles = List.copyOf(weightFiles);
  }

  /**
   * Looks for the files.
   *
   * @throws ProblemsException where it is no such folder; pickles are named and not read
   */
  public static ControlNetFiles open(Path named) {
    Path folder = named.toAbsolutePath().normalize();
    requireFolder(folder);
    return new ControlNetFiles(
        folder, new WeightFiles(folder, WeightChoice.USUAL, List.of(NAMES)).find(NAMES));
  }

  /** Whether a folder says that it holds one. */
  static boolean isOne(Path folder) {
    Path config = folder.resolve(CONFIG);
    return Files.isRegularFile(config) && CLASS.equals(StrictJson.read(config).get("_class_name"));
  }

  private static void requireFolder(Path folder) {
    Path config = folder.resolve(CONFIG);
    if (!Files.isDirectory(folder)) {
      boolean isFile = Files.exists(folder);
      String problem =
          "Cannot open ControlNet %s: it must be a folder in diffusers' layout (%s)"
              .formatted(folder, isFile ? "a file" : "missing");
      throw isFile ? ProblemsException.withFix(problem, FROM_FILE) : new ProblemsException(problem);
    }
    if (!Files.isRegularFile(config)) {
      boolean isModel = Files.exists(folder.resolve("model_index.json"));
      throw new ProblemsException(
          "Cannot open ControlNet %s: it must be the folder that holds the ControlNet's config.json (%s)"
              .formatted(folder, isModel ? "a whole model" : "missing"));
    }
    Object kind = StrictJson.read(config).getOrDefault("_class_name", CLASS);
    if (!CLASS.equals(kind)) {
      throw new ProblemsException(
          "Cannot use %s: its _class_name must be %s (%s)"
              .formatted(config, CLASS, Shown.value(kind)));
    }
  }

  /** True for the small files that tell which others it needs. */
  public static boolean isDescription(String path) {
    return path.equals(CONFIG)
        || path.equals(Manifest.NAME)
        || WeightFiles.isIndex(path, List.of(NAMES));
  }

  Path configFile() {
    return root.resolve(CONFIG);
  }

  /**
   * The stored tensors; no weight is read.
   *
   * @param wanted name and shape of each weight that the network asks for
   * @throws ProblemsException with all differences
   */
  NetworkWeights weights(Map<String, Shape> wanted) {
    return NetworkWeights.check(
        weightFiles, NAMES.called("ControlNet " + root.getFileName()), wanted);
  }

  @Override
  public List<String> files() {
    return Stream.concat(
            Stream.of(CONFIG), weightFiles.stream().map(file -> file.getFileName().toString()))
        .sorted()
        .toList();
  }

  @Override
  public boolean isUsedWherePresent(String path) {
    return path.equals(CONFIG) || WeightFiles.isPreferred(path, WeightChoice.USUAL, List.of(NAMES));
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
