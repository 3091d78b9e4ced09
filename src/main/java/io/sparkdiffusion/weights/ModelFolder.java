package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A model in the layout that diffusers writes, on a local disk. */
public final class ModelFolder {

  private static final String PIPELINE = "StableDiffusionPipeline";

  private static final SortedMap<String, List<String>> CLASSES =
      new TreeMap<>(
          Map.of(
              "text_encoder", List.of("CLIPTextModel"),
              "tokenizer", List.of("CLIPTokenizer", "CLIPTokenizerFast"),
              "unet", List.of("UNet2DConditionModel"),
              "vae", List.of("AutoencoderKL")));

  private final Path root;
  private final Map<Component, List<Path>> weightFiles;

  private ModelFolder(Path root, Map<Component, List<Path>> weightFiles) {
    this.root = root;
    this.weightFiles = weightFiles;
  }

  /**
   * Opens a folder and checks its layout; nothing large is read.
   *
   * @throws ProblemsException with every problem found
   */
  public static ModelFolder open(Path root) {
    if (!Files.isDirectory(root)) {
      throw new ProblemsException(
          "Cannot open model %s: it must be a folder in diffusers' layout (%s)"
              .formatted(root, Files.exists(root) ? "a file" : "missing"));
    }
    List<String> problems = new ArrayList<>();
    checkClasses(root, problems);
    requireFile(root.resolve("scheduler/scheduler_config.json"), problems);
    if (!Files.isRegularFile(root.resolve("tokenizer/tokenizer.json"))) {
      requireFile(root.resolve("tokenizer/vocab.json"), problems);
      requireFile(root.resolve("tokenizer/merges.txt"), problems);
    }
    Map<Component, List<Path>> files = new EnumMap<>(Component.class);
    for (Component component : Component.values()) {
      requireFile(root.resolve(component.folder()).resolve("config.json"), problems);
      collect(problems, () -> files.put(component, WeightFiles.find(root, component)));
    }
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
    return new ModelFolder(root, files);
  }

  private static void checkClasses(Path root, List<String> problems) {
    Path index = root.resolve("model_index.json");
    collect(
        problems,
        () -> {
          Map<String, Object> json = StrictJson.read(index);
          if (!PIPELINE.equals(json.get("_class_name"))) {
            problems.add(
                "Cannot use %s: its _class_name must be %s (%s)"
                    .formatted(index, PIPELINE, json.getOrDefault("_class_name", "absent")));
          }
          CLASSES.forEach(
              (part, allowed) -> {
                Object entry = json.getOrDefault(part, "absent");
                if (!isClass(entry, allowed)) {
                  problems.add(
                      "Cannot use %s of %s: its class must be %s (%s)"
                          .formatted(part, index, String.join(" or ", allowed), entry));
                }
              });
        });
  }

  /** An entry is the name of a library and of a class. */
  private static boolean isClass(Object entry, List<String> allowed) {
    return entry instanceof List<?> pair
        && pair.size() == 2
        && pair.get(1) instanceof String name
        && allowed.contains(name);
  }

  private static void requireFile(Path file, List<String> problems) {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      problems.add(
          "Cannot open %s: the file must be there and readable (%s)"
              .formatted(file, Files.exists(file) ? "not a readable file" : "missing"));
    }
  }

  private static void collect(List<String> problems, Runnable check) {
    try {
      check.run();
    } catch (ProblemsException e) {
      problems.addAll(e.problems());
    }
  }

  /** The folder itself. */
  public Path root() {
    return root;
  }

  /** A network's {@code config.json}. */
  public Path configFile(Component component) {
    return root.resolve(component.folder()).resolve("config.json");
  }

  /** The tokenizer's folder. */
  public Path tokenizerFolder() {
    return root.resolve("tokenizer");
  }

  /** {@code scheduler/scheduler_config.json} as it stands. */
  public Map<String, Object> schedulerConfig() {
    return StrictJson.read(root.resolve("scheduler/scheduler_config.json"));
  }

  /** The files that decide a picture, by path relative to the folder, sorted. */
  public List<String> files() {
    Stream<Path> small =
        Stream.of(
                "model_index.json",
                "scheduler/scheduler_config.json",
                "tokenizer/vocab.json",
                "tokenizer/merges.txt",
                "tokenizer/tokenizer.json",
                "tokenizer/special_tokens_map.json",
                "tokenizer/tokenizer_config.json",
                "text_encoder/config.json",
                "unet/config.json",
                "vae/config.json")
            .map(root::resolve)
            .filter(Files::isRegularFile);
    Stream<Path> large = weightFiles.values().stream().flatMap(List::stream);
    return Stream.concat(small, large)
        .map(file -> root.relativize(file).toString().replace('\\', '/'))
        .sorted()
        .toList();
  }

  /**
   * SHA-256 over the sorted lines {@code sha256 relative path} of {@link #files()}, in hex. It
   * reads every byte of the model.
   */
  public String digest() {
    MessageDigest all = sha256();
    files().parallelStream()
        .map(file -> sha256Of(root.resolve(file)) + "  " + file + "\n")
        .sorted()
        .forEachOrdered(line -> all.update(line.getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().formatHex(all.digest());
  }

  private static String sha256Of(Path file) {
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] block = new byte[1 << 20];
      while (in.read(block) >= 0) {
        // The stream feeds the digest.
      }
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read %s: the file must be readable (%s)".formatted(file, e.getMessage()), e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
