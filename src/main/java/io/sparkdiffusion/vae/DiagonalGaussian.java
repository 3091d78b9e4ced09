package io.sparkdiffusion.vae;

import io.sparkdiffusion.graph.Tensor;

/**
 * What an encoder says of an image's latents: each has a normal distribution of its own (arXiv
 * 1312.6114; diffusers, DiagonalGaussianDistribution).
 *
 * @param mean (B, C, h, w)
 * @param logVariance of the same shape
 */
public record DiagonalGaussian(Tensor mean, Tensor logVariance) {

  private static final double LEAST_LOG_VARIANCE = -30;
  private static final double MOST_LOG_VARIANCE = 20;

  /** Of moments (B, 2 C, h, w), the means in front of the logarithms of the variances. */
  public static DiagonalGaussian of(Tensor moments) {
    long channels = moments.size(1) / 2;
    return new DiagonalGaussian(
        moments.narrow(1, 0, channels), moments.narrow(1, channels, channels));
  }

  /**
   * Latents, before scaling.
   *
   * @param noise standard normal, of the shape of the mean
   */
  public Tensor sample(Tensor noise) {
    // std = torch.exp(0.5 * torch.clamp(logvar, -30.0, 20.0)); mean + std * sample
    Tensor deviation = logVariance.clamp(LEAST_LOG_VARIANCE, MOST_LOG_VARIANCE).times(0.5).exp();
    return mean.plus(deviation.times(noise));
  }
}
