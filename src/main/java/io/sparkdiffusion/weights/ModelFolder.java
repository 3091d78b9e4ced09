package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A model in the layout that diffusers writes, on a local disk. */
public final class ModelFolder {

  /** Where training scripts leave a UNet's moving average. */
  static final String AVERAGE = "unet_ema";

  private static final List<String> FOLDERS =
      List.of("", "scheduler", "tokenizer", "text_encoder", "unet", "vae");

  private static final List<String> SMALL =
      List.of(
          "model_index.json",
          "scheduler/scheduler_config.json",
          "tokenizer/vocab.json",
          "tokenizer/merges.txt",
          "tokenizer/tokenizer.json",
          "tokenizer/added_tokens.json",
          "tokenizer/special_tokens_map.json",
          "tokenizer/tokenizer_config.json",
          "text_encoder/config.json",
          "unet/config.json",
          "vae/config.json");

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
    boolean isFlax =
        WeightFiles.isThere(root, WeightFormat.FLAX, Component.UNET)
            && !WeightFiles.isThere(root, WeightFormat.SAFETENSORS, Component.UNET);
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
    List<ProblemsException> problems = new ArrayList<>();
    collect(problems, () -> ModelIndex.check(root));
    requireFile(root.resolve("scheduler/scheduler_config.json"), problems);
    if (!Files.isRegularFile(root.resolve("tokenizer/tokenizer.json"))) {
      requireFile(root.resolve("tokenizer/vocab.json"), problems);
      requireFile(root.resolve("tokenizer/merges.txt"), problems);
    }
    Map<Component, List<Path>> files = new EnumMap<>(Component.class);
    for (Component component : Component.values()) {
      requireFile(root.resolve(component.folder()).resolve("config.json"), problems);
      collect(problems, () -> files.put(component, WeightFiles.find(root, choice, component)));
    }
    if (!problems.isEmpty()) {
      throw ProblemsException.of(problems);
    }
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
            ForeignWeights.MERGE);
      }
    }
  }

  private static void requireFile(Path file, List<ProblemsException> problems) {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      problems.add(
          new ProblemsException(
              "Cannot open %s: the file must be there and readable (%s)"
                  .formatted(file, Files.exists(file) ? "not a readable file" : "missing")));
    }
  }

  private static void collect(List<ProblemsException> problems, Runnable check) {
    try {
      check.run();
    } catch (ProblemsException e) {
      problems.add(e);
    }
  }

  /** The folder itself. */
  public Path root() {
    return root;
  }

  /** The files of a network's weights. */
  List<Path> weightFiles(Component component) {
    return weightFiles.getOrDefault(component, List.of());
  }

  /** A network's {@code config.json}. */
  public Path configFile(Component component) {
    return root.resolve(component.folder()).resolve("config.json");
  }

  /** Folders that lie beside the parts and whose weights are not used, as in diffusers. */
  public List<String> unused() {
    return Files.isDirectory(root.resolve(AVERAGE)) ? List.of(AVERAGE) : List.of();
  }

  /** The tokenizer's folder. */
  public Path tokenizerFolder() {
    return root.resolve("tokenizer");
  }

  /** {@code scheduler/scheduler_config.json} as it stands. */
  public Map<String, Object> schedulerConfig() {
    return StrictJson.read(root.resolve("scheduler/scheduler_config.json"));
  }

  /** The files that decide a image, by path relative to the folder, sorted. */
  public List<String> files() {
    Stream<Path> small = SMALL.stream().map(root::resolve).filter(Files::isRegularFile);
    Stream<Path> large = weightFiles.values().stream().flatMap(List::stream);
    return Stream.concat(small, large)
        .map(file -> root.relativize(file).toString().replace('\\', '/'))
        .sorted()
        .toList();
  }

  /** Whether one of the small files is larger than any that can be used. */
  public boolean hasOversizedFile() {
    return SMALL.stream()
        .map(name -> root.resolve(name).toFile())
        .anyMatch(file -> file.length() > SmallFile.VOCABULARY_BYTES);
  }

  /** The SHA-256 of each of {@link #files()}. It reads every byte of the model, once in a JVM. */
  public ModelSums sums() {
    return new ModelSums(
        files().parallelStream()
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    file -> FileHashes.of(root.resolve(file)),
                    (first, second) -> first,
                    TreeMap::new)));
  }

  /**
   * Checks the files against {@code sha256sums.txt} where the folder holds one.
   *
   * @throws ProblemsException with every file that differs or is missing
   */
  public void checkManifest() {
    Path manifest = root.resolve(Manifest.NAME);
    if (Files.isRegularFile(manifest)) {
      Manifest.check(manifest, sums(), choice);
    }
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

  /** The folders that hold a model's files, the first its own, by path relative to it. */
  public static List<String> folders() {
    return FOLDERS;
  }

  /** True for the small files from which {@link #open} tells which others a model needs. */
  public static boolean isDescription(String name) {
    return SMALL.contains(name) || name.equals(Manifest.NAME) || WeightNames.isIndex(name);
  }

  /** True for what lies in a network's folder, where its weights are. */
  public static boolean isInNetworkFolder(String name) {
    return Arrays.stream(Component.values())
        .anyMatch(component -> name.startsWith(component.folder() + "/"));
  }

  /** True for a file that, where it is there, no other is preferred to. */
  static boolean isUsedWherePresent(String name, WeightChoice choice) {
    return SMALL.contains(name) || WeightNames.isPreferred(name, choice);
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
