package io.sparkdiffusion.sampler;

/**
 * How much of noisy latents is signal and how much is noise: {@code x = signal * original + noise *
 * epsilon}, with squares that sum to 1 but for k-diffusion's latents.
 *
 * @param signal the papers' alpha_t
 * @param noise the papers' sigma_t
 */
public record NoiseLevel(double signal, double noise) {

  /** Of latents without noise. */
  public static final NoiseLevel CLEAN = new NoiseLevel(1, 0);

  /** From the signal's share of the variance, diffusers' {@code alphas_cumprod}. */
  static NoiseLevel ofAlpha(double alphaCumulativeProduct) {
    return new NoiseLevel(Math.sqrt(alphaCumulativeProduct), Math.sqrt(1 - alphaCumulativeProduct));
  }

  /** From noise over signal, k-diffusion's sigma. */
  static NoiseLevel ofSigma(double sigma) {
    double signal = 1 / Math.sqrt(sigma * sigma + 1);
    return new NoiseLevel(signal, sigma * signal);
  }

  /**
   * Half the logarithm of the signal-to-noise ratio, the papers' lambda; infinite without noise.
   */
  double logSnr() {
    return Math.log(signal) - Math.log(noise);
  }

  /** Noise over signal. */
  double sigma() {
    return noise / signal;
  }
}
