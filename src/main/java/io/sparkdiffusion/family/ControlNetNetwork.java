package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.unet.ControlNet;
import io.sparkdiffusion.unet.ControlNetConfig;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.weights.NetworkWeights;
import java.nio.file.Path;
import java.util.Map;

/**
 * A ControlNet, with its weights checked and not yet read.
 *
 * @param files where they are
 */
public record ControlNetNetwork(
    ControlNetFiles files, ControlNetConfig config, NetworkWeights weights) {

  /** Opens a folder. */
  public static ControlNetNetwork open(Path folder) {
    return open(ControlNetFiles.open(folder));
  }

  /**
   * Reads the configuration and compares it with the weight files; no weight is read.
   *
   * @throws ProblemsException with every difference found
   */
  public static ControlNetNetwork open(ControlNetFiles files) {
    ControlNetConfig config = ControlNetConfig.read(files.configFile());
    return new ControlNetNetwork(
        files, config, files.weights(record(config, Dtype.FLOAT32, 1, 1).weights()));
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
              .formatted(files, config.compression(), model.vae().compression()));
    }
    problems.throwIfAny();
  }

  private void require(Problems problems, String key, Object own, Object wanted) {
    if (!own.equals(wanted)) {
      problems.add(
          "Cannot use ControlNet %s: its %s must be as the model's (%s, the model has %s)"
              .formatted(files, key, own, wanted));
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
}
