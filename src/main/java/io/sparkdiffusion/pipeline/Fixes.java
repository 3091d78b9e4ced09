package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.weights.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What to do about each kind of problem of a model folder. */
final class Fixes {

  static final String OF_ONE_MODEL = "take text_encoder/, unet/ and vae/ from one model";

  private Fixes() {}

  static String layout(Path root) {
    return flaxFile(root)
        .map(
            file ->
                ("its weights are Flax's (%s); make a folder of safetensors once in Python:"
                        + " StableDiffusionPipeline.from_pretrained('%s',"
                        + " from_flax=True).save_pretrained(FOLDER)")
                    .formatted(root.relativize(file), root))
        .orElse(
            "fetch what is missing from where the folder came from, weights as safetensors (a hub's model:"
                + " hf download ORG/NAME)");
  }

  private static Optional<Path> flaxFile(Path root) {
    return ModelFolder.folders().stream()
        .map(root::resolve)
        .flatMap(folder -> filesOf(folder).stream())
        .filter(file -> file.toString().endsWith(".msgpack"))
        .findFirst();
  }

  private static List<Path> filesOf(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  static String scheduler(Path file) {
    return "take %s from a model whose schedule is made of betas (DDIM, PNDM, Euler, DPM-Solver),"
            .formatted(file)
        + " or give the keys in diffusion_scheduler_config";
  }

  static String configuration(Path file) {
    return "take %s as Stable Diffusion 2 has it; other architectures are not supported"
        .formatted(file);
  }

  static String weights(Path file) {
    return "%s describes other weights than those beside it: fetch the whole folder %s again"
        .formatted(file, file.getParent());
  }

  static String tokenizer(Path root) {
    return "fetch the whole folder %s again".formatted(root.resolve("tokenizer"));
  }

  static String manifest(Path root) {
    return "fetch the files again, or remove %s where the new files are meant"
        .formatted(root.resolve("sha256sums.txt"));
  }
}
