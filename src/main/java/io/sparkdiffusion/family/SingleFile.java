package io.sparkdiffusion.family;

import java.nio.file.Files;
import java.nio.file.Path;

/** A model in one file, as its trainers first published it: {@code v2-1_512-ema-pruned.ckpt}. */
final class SingleFile {

  private static final String ONE_FILE =
      "Cannot open model %s: it must be a folder in diffusers' layout, not one file of the original"
          + " layout (%s); ";

  private static final String IN_PYTHON =
      "in Python: from diffusers import StableDiffusionPipeline;"
          + " StableDiffusionPipeline.from_single_file(%s,"
          + " config='%s').save_pretrained(%s)";

  private static final String CONFIG =
      "; config names the same model in that layout, without it a base model is taken for one that"
          + " predicts v";

  private SingleFile() {}

  /** Says what a file is and how a folder is made of it; pickles are never loaded here. */
  static String problem(Path file) {
    String name = file.getFileName().toString();
    boolean isPartOfFolder = Files.exists(file.resolveSibling("config.json"));
    if (name.endsWith(".safetensors") && !isPartOfFolder) {
      return ONE_FILE.formatted(file, "a .safetensors file") + "make one once " + inPython(file);
    }
    if (name.matches(".*\\.(ckpt|bin|pt|pth)") && !isPartOfFolder) {
      return ONE_FILE.formatted(file, "a pickle")
          + "pickles are never loaded, since reading one can run code; where you trust it, make a"
          + " folder of safetensors once "
          + inPython(file);
    }
    return "Cannot open model %s: it must be a folder in diffusers' layout (a file)"
        .formatted(file);
  }

  private static String inPython(Path file) {
    String name = file.getFileName().toString();
    String folder = name.replaceFirst("\\.\\w+$", "");
    return IN_PYTHON.formatted(quoted(file.toString()), like(name).id(), quoted(folder)) + CONFIG;
  }

  /** A base model is made for 512 pixels and predicts noise. */
  private static PublishedModel like(String name) {
    if (name.matches("(?i).*(v1[-_.]|sd[-_]?1|1\\.5).*")) {
      return PublishedModel.STABLE_DIFFUSION_1_5;
    }
    if (name.contains("turbo")) {
      return PublishedModel.SD_TURBO;
    }
    return name.contains("512") || name.contains("base")
        ? PublishedModel.STABLE_DIFFUSION_2_1_BASE
        : PublishedModel.STABLE_DIFFUSION_2_1;
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
