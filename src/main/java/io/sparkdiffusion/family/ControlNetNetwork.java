package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.unet.ControlNet;
import io.sparkdiffusion.unet.ControlNetConfig;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.weights.ModelSums;
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
 * A ControlNet in the layout that diffusers writes, a folder of its own beside a model's, with its
 * weights checked and not yet read.
 *
 * @param folder absolute
 */
public record ControlNetNetwork(
    Path folder, ControlNetConfig config, NetworkWeights weights, List<Path> weightFiles) {

  private static final String CONFIG = "config.json";
  private static final String CLASS = "ControlNetModel";
  private static final String FROM_FILE =
      "make a folder once in Python: ControlNetModel.from_single_file(FILE).save_pretrained(FOLDER)";

  /** Keeps a copy. */
  public ControlNetNetwork {
    weightFiles = List.copyOf(weightFiles);
  }

  /**
   * Reads the configuration and compares it with the weight files; no weight is read.
   *
   * @throws ProblemsException with every difference found; pickles are named and not read
   */
  public static ControlNetNetwork open(Path named) {
    Path folder = named.toAbsolutePath().normalize();
    requireFolder(folder);
    ControlNetConfig config = ControlNetConfig.read(folder.resolve(CONFIG));
    NetworkFiles files = files(folder);
    List<Path> found =
        new WeightFiles(folder.getParent(), WeightChoice.USUAL, List.of(files)).find(files);
    NetworkWeights weights =
        NetworkWeights.check(found, files, record(config, Dtype.FLOAT32, 1, 1).weights());
    return new ControlNetNetwork(folder, config, weights, found);
  }

  /** Whether a folder says that it holds one. */
  static boolean isOne(Path folder) {
    Path config = folder.resolve(CONFIG);
    return Files.isRegularFile(config) && CLASS.equals(StrictJson.read(config).get("_class_name"));
  }

  private static NetworkFiles files(Path folder) {
    return new NetworkFiles(
        folder.getFileName().toString(),
        "diffusion_pytorch_model",
        "diffusion_flax_model",
        name -> false,
        UnaryOperator.identity());
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

  /**
   * Makes sure that it goes with a model.
   *
   * @throws ProblemsException with everything for which it does not
   */
  public void requireFit(Networks model) {
    Problems problems = new Problems();
    UnetConfig own = config.unet();
    UnetConfig unet = model.unet();
    require(
        problems,
        "cross_attention_dim",
        own.crossAttentionWidth() + trainedFor(own.crossAttentionWidth()),
        unet.crossAttentionWidth() + trainedFor(unet.crossAttentionWidth()));
    require(problems, "in_channels", own.inChannels(), unet.inChannels());
    require(problems, "block_out_channels", own.widths(), unet.widths());
    require(problems, "layers_per_block", own.layersPerBlock(), unet.layersPerBlock());
    if (config.compression() != model.vae().compression()) {
      problems.add(
          "Cannot use ControlNet %s: it must make an image as much smaller as the model's VAE does (by %s, the VAE by %s)"
              .formatted(folder, config.compression(), model.vae().compression()));
    }
    problems.throwIfAny();
  }

  private void require(Problems problems, String key, Object own, Object wanted) {
    if (!own.equals(wanted)) {
      problems.add(
          "Cannot use ControlNet %s: its %s must be as the model's (%s, the model has %s)"
              .formatted(folder, key, own, wanted));
    }
  }

  private static String trainedFor(long textWidth) {
    return Map.of(
            768L, " of Stable Diffusion 1", 1024L, " of Stable Diffusion 2", 2048L, " of SDXL")
        .getOrDefault(textWidth, "");
  }

  /** Its call for one image with guidance of the size that a model was trained on. */
  public Graph usual(Networks model, Dtype dtype) {
    return record(config, dtype, model.usualSize(), model.conditioning().tokens());
  }

  private static Graph record(ControlNetConfig config, Dtype dtype, long side, long tokens) {
    return new ControlNet(config).record(dtype, 1, 2, side, side, tokens);
  }

  /** The SHA-256 of each file that decides an image. It reads every byte, once in a JVM. */
  public ModelSums sums() {
    return ModelSums.of(
        folder,
        Stream.concat(
                Stream.of(CONFIG), weightFiles.stream().map(file -> file.getFileName().toString()))
            .toList());
  }
}
