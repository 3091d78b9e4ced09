package io.sparkdiffusion.family;

import java.nio.file.Path;

/** What to do about each kind of problem of a model folder. */
final class ModelFixes {

  static final String OF_ONE_MODEL = "take text_encoder/, unet/ and vae/ from one model";

  static final String LAYOUT =
      "fetch what is missing from where the folder came from, weights as safetensors (a hub's model:"
          + " hf download ORG/NAME)";

  static final String PUBLISHED =
      "remove the file that the link names and fetch it again (hf download ORG/NAME)";

  private ModelFixes() {}

  static String scheduler(Path file) {
    return "take %s from a model whose schedule is made of betas (DDIM, PNDM, Euler, DPM-Solver),"
            .formatted(file)
        + " or give the keys in diffusion_scheduler_config";
  }

  static String configuration(Path file) {
    return "take %s as Stable Diffusion 1.5 or 2 has it; other architectures are not supported"
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
