package io.sparkdiffusion.sampler;

/**
 * What a model was trained with: the signal's share of the variance at each training timestep, in
 * float32 as PyTorch and diffusers compute it, and the noise levels that follow from it.
 */
final class NoiseSchedule {

  /** In the place of no signal, so that the noise level is finite: 2^-24, as diffusers has it. */
  private static final float LEAST_SIGNAL = 0x1p-24f;

  private final float[] alphas;
  private final float[] sigmas;
  private final float[] logSigmas;

  private NoiseSchedule(float[] alphas, float[] sigmas) {
    this.alphas = alphas;
    this.sigmas = sigmas;
    this.logSigmas = sigmas.clone();
    for (int i = 0; i < sigmas.length; i++) {
      logSigmas[i] = (float) Math.log(sigmas[i]);
    }
  }

  /** Of a checked configuration. */
  static NoiseSchedule of(SchedulerConfig config) {
    float[] betas =
        config.betaSchedule().betas(config.betaStart(), config.betaEnd(), config.trainTimesteps());
    float[] alphas =
        cumulativeProduct(config.rescaleBetasZeroSnr() ? rescaleToZeroSnr(betas) : betas);
    return new NoiseSchedule(alphas, sigmas(alphas, config.rescaleBetasZeroSnr()));
  }

  /** {@code alphas_cumprod}: one value for each training timestep, falling. */
  float[] alphasCumulativeProduct() {
    return alphas.clone();
  }

  /** The signal's share of the variance at a training timestep. */
  double alpha(int timestep) {
    return alphas[timestep];
  }

  int trainTimesteps() {
    return alphas.length;
  }

  /** Signal and noise at a training timestep. */
  NoiseLevel at(int timestep) {
    return NoiseLevel.ofAlpha(alphas[timestep]);
  }

  /** {@code (1 - alpha) / alpha}'s root: noise over signal at a training timestep. */
  double sigma(int timestep) {
    return sigmas[timestep];
  }

  /** The same between timesteps, as {@code numpy.interp} has it. */
  double sigmaAt(double timestep) {
    int low = (int) Math.min(Math.max(Math.floor(timestep), 0), sigmas.length - 1.0);
    if (low == sigmas.length - 1) {
      return sigmas[low];
    }
    double slope = (double) sigmas[low + 1] - sigmas[low];
    return slope * (timestep - low) + sigmas[low];
  }

  /** The timestep of a noise level, linear in its logarithm; not whole as a rule. */
  double timestepOf(double sigma) {
    double log = Math.log(Math.max(sigma, 1e-10));
    int low = 0;
    while (low < sigmas.length - 2 && log >= logSigmas[low + 1]) {
      low++;
    }
    double width = logSigmas[low] - logSigmas[low + 1];
    double share = Math.min(Math.max((logSigmas[low] - log) / width, 0), 1);
    return (1 - share) * low + share * (low + 1);
  }

  private static float[] sigmas(float[] alphas, boolean zeroSnr) {
    float[] sigmas = new float[alphas.length];
    for (int i = 0; i < sigmas.length; i++) {
      float alpha = zeroSnr && i == sigmas.length - 1 ? LEAST_SIGNAL : alphas[i];
      sigmas[i] = (float) Math.sqrt((1 - alpha) / alpha);
    }
    return sigmas;
  }

  /** {@code torch.cumprod(1 - betas)}: it multiplies in double and rounds each product. */
  private static float[] cumulativeProduct(float[] betas) {
    float[] products = new float[betas.length];
    double product = 1;
    for (int i = 0; i < betas.length; i++) {
      product *= 1 - betas[i];
      products[i] = (float) product;
    }
    return products;
  }

  /**
   * Betas whose last timestep holds no signal (arXiv 2305.08891, algorithm 1).
   *
   * <p>The square root is IEEE's. PyTorch built with MKL misses it by one unit in the last place
   * for a fifth of all values, which moves the alphas of the published schedule by up to 4e-6 of
   * their value.
   */
  private static float[] rescaleToZeroSnr(float[] betas) {
    float[] roots = cumulativeProduct(betas);
    for (int i = 0; i < roots.length; i++) {
      roots[i] = (float) Math.sqrt(roots[i]);
    }
    float first = roots[0];
    float last = roots[roots.length - 1];
    float scale = first / (first - last);
    float[] rescaled = new float[betas.length];
    float previousProduct = 1;
    for (int i = 0; i < roots.length; i++) {
      float root = (roots[i] - last) * scale;
      float product = root * root;
      rescaled[i] = 1 - product / previousProduct;
      previousProduct = product;
    }
    return rescaled;
  }
}
