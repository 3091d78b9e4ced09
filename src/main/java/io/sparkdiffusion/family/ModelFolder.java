package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.weights.ForeignWeights;
import io.sparkdiffusion.weights.Manifest;
import io.sparkdiffusion.weights.NetworkFiles;
import io.sparkdiffusion.weights.NetworkWeights;
import io.sparkdiffusion.weights.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A model in the layout that diffusers writes, on a local disk. */
public final class ModelFolder implements DiffusersFolder {

  /** The kind of all models that can be opened. */
  private static final ModelFamily FAMILY = ModelFamily.STABLE_DIFFUSION;

  private final Path root;
  private final WeightChoice choice;
  private final Map<Component, List<Path>> weightFiles;

  private ModelFolder(Path root, WeightChoice choice, Map<Component, List<Path>> weightFiles) {
    this.root = root;
    this.choice = choice;
    this.weightFiles = weightFiles;
  }

  /** Flax's where the UNet has no other weights. */
  public static WeightFormat formatOf(Path root) {
    NetworkFiles unet = FAMILY.files(Component.UNET);
    boolean isFlax =
        WeightFiles.isThere(root, WeightFormat.FLAX, unet)
            && !WeightFiles.isThere(root, WeightFormat.SAFETENSORS, unet);
    return isFlax ? WeightFormat.FLAX : WeightFormat.SAFETENSORS;
  }

  /** Opens a folder whose weights are safetensors. */
  public static ModelFolder open(Path root) {
    return open(root, WeightChoice.USUAL);
  }

  /** Opens a folder whose weights are the usual files of a format. */
  public static ModelFolder open(Path root, WeightFormat format) {
    return open(root, WeightChoice.of(format));
  }

  /**
   * Opens a folder and checks its layout; nothing large is read.
   *
   * @param choice of the weights that are used, others may be there
   * @throws ProblemsException with every problem found
   */
  public static ModelFolder open(Path root, WeightChoice choice) {
    requireFolder(root);
    Problems problems = new Problems();
    problems.check(() -> ModelIndex.check(root, FAMILY));
    requireFile(root.resolve("scheduler/scheduler_config.json"), problems);
    if (!Files.isRegularFile(root.resolve("tokenizer/tokenizer.json"))) {
      requireFile(root.resolve("tokenizer/vocab.json"), problems);
      requireFile(root.resolve("tokenizer/merges.txt"), problems);
    }
    Map<Component, List<Path>> files = new EnumMap<>(Component.class);
    for (Component component : Component.values()) {
      requireFile(root.resolve(component.folder()).resolve("config.json"), problems);
      problems.check(() -> files.put(component, FAMILY.weightFiles(root, choice, component)));
    }
    problems.throwIfAny();
    return new ModelFolder(root, choice, files);
  }

  /**
   * Makes sure that a path is a folder that might be a model.
   *
   * @throws ProblemsException where it is not, with what to do about a model in a single file
   */
  public static void requireFolder(Path root) {
    if (!Files.isDirectory(root)) {
      throw new ProblemsException(
          Files.exists(root)
              ? SingleFile.problem(root)
              : "Cannot open model %s: it must be a folder in diffusers' layout (missing)"
                  .formatted(root));
    }
    if (!Files.exists(root.resolve("model_index.json")) && !Files.exists(root.resolve("unet"))) {
      refuseAdapter(root);
      refuseControlNet(root);
      throw new ProblemsException(
          "Cannot open model %s: it must be a folder in diffusers' layout, the one that holds"
                  .formatted(root)
              + " model_index.json, unet/, vae/ and the other parts (it holds neither)");
    }
  }

  private static void refuseAdapter(Path root) {
    for (String name : List.of("pytorch_lora_weights.safetensors", "adapter_config.json")) {
      if (Files.exists(root.resolve(name))) {
        throw ProblemsException.withFix(
            "Cannot open model %s: it must be a whole model, not a LoRA alone (%s)"
                .formatted(root, name),
            ForeignWeights.ADD);
      }
    }
  }

  private static void refuseControlNet(Path root) {
    if (ControlNetFiles.isOne(root)) {
      throw ProblemsException.withFix(
          "Cannot open model %s: it must be a whole model, not a ControlNet alone (config.json)"
              .formatted(root),
          "name its base model in pretrained_model_name_or_path, and the folder in controlnets");
    }
  }

  private static void requireFile(Path file, Problems problems) {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      problems.add(
          "Cannot open %s: the file must be there and readable (%s)"
              .formatted(file, Files.exists(file) ? "not a readable file" : "missing"));
    }
  }

  @Override
  public Path root() {
    return root;
  }

  /**
   * A network's stored tensors; no weight is read.
   *
   * @param wanted name and shape of each weight that the network asks for
   * @throws ProblemsException with all differences
   */
  public NetworkWeights weights(Component component, Map<String, Shape> wanted) {
    List<Path> files = weightFiles.getOrDefault(component, List.of());
    return NetworkWeights.check(files, FAMILY.files(component), wanted);
  }

  /** The same of the VAE's encoder, which a folder may lack: no image from a text needs it. */
  NetworkWeights imageEncoderWeights(Map<String, Shape> wanted) {
    return FAMILY.imageEncoderWeights(root, choice, wanted);
  }

  /** A network's {@code config.json}. */
  public Path configFile(Component component) {
    return root.resolve(component.folder()).resolve("config.json");
  }

  /** Folders that lie beside the parts and are not used: no image is looked at. */
  public List<String> unused() {
    return FAMILY.unusedFolders().stream()
        .filter(name -> Files.isDirectory(root.resolve(name)))
        .toList();
  }

  /** The tokenizer's folder. */
  public Path tokenizerFolder() {
    return root.resolve("tokenizer");
  }

  /** {@code scheduler/scheduler_config.json} as it stands. */
  public Map<String, Object> schedulerConfig() {
    return StrictJson.read(root.resolve("scheduler/scheduler_config.json"));
  }

  @Override
  public List<String> files() {
    Stream<Path> small =
        FAMILY.descriptions().stream().map(root::resolve).filter(Files::isRegularFile);
    Stream<Path> large = weightFiles.values().stream().flatMap(List::stream);
    return Stream.concat(small, large)
        .map(file -> root.relativize(file).toString().replace('\\', '/'))
        .sorted()
        .toList();
  }

  /** Whether one of the small files is larger than any that can be used. */
  public boolean hasOversizedFile() {
    return FAMILY.descriptions().stream()
        .map(name -> root.resolve(name).toFile())
        .anyMatch(file -> file.length() > SmallFile.VOCABULARY_BYTES);
  }

  @Override
  public boolean isUsedWherePresent(String path) {
    return FAMILY.isUsedWherePresent(path, choice);
  }

  /**
   * Writes {@code sha256sums.txt} with the files of {@link #files()}, or adds them to the one that
   * is there, under a temporary name first.
   *
   * @return whether there was something to write
   * @throws ProblemsException where the folder cannot be written to, or the one that is there says
   *     otherwise
   */
  public boolean writeManifest() {
    checkManifest();
    return Manifest.write(root.resolve(Manifest.NAME), sums());
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
