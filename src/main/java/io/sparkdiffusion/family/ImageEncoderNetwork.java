package io.sparkdiffusion.family;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.VaeEncoderConfig;
import io.sparkdiffusion.weights.NetworkWeights;

/**
 * The encoder of a folder's autoencoder, with its weights checked and not yet read. Images that
 * begin with noise do without, so it is looked at only where others are asked for.
 */
public record ImageEncoderNetwork(VaeEncoderConfig config, NetworkWeights weights) {

  /**
   * Reads the configuration and compares it with the weight files.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every difference found
   */
  public static ImageEncoderNetwork check(ModelFolder folder) {
    VaeEncoderConfig config = VaeEncoderConfig.read(folder.configFile(Component.VAE));
    Graph smallest = record(config, Dtype.FLOAT32, 1);
    return new ImageEncoderNetwork(config, folder.imageEncoderWeights(smallest.weights()));
  }

  /** The call for one image of the size that a UNet was trained on. */
  public Graph usual(Networks networks, Dtype dtype) {
    return record(config, dtype, networks.usualSize());
  }

  private static Graph record(VaeEncoderConfig config, Dtype dtype, long latents) {
    long side = latents * config.vae().compression();
    return new AutoencoderKlEncoder(config).record(dtype, 1, side, side);
  }
}
