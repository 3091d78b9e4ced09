package io.sparkdiffusion.sampler;

/** How much noise each training timestep adds; the names are diffusers', in lower case. */
public enum BetaSchedule {
  /** Even from start to end. */
  LINEAR,
  /** Squares of even values, as latent diffusion was trained with. */
  SCALED_LINEAR,
  /** The cosine schedule of arXiv 2102.09672, formula 17, capped at 0.999. */
  SQUAREDCOS_CAP_V2;

  private static final double MAX_BETA = 0.999;

  /** The variance that each of count timesteps adds, as PyTorch's float32 has it. */
  float[] betas(double start, double end, int count) {
    return switch (this) {
      case LINEAR -> linspace((float) start, (float) end, count);
      case SCALED_LINEAR ->
          squares(linspace((float) Math.sqrt(start), (float) Math.sqrt(end), count));
      case SQUAREDCOS_CAP_V2 -> squaredCosine(count);
    };
  }

  /**
   * As {@code torch.linspace} on x86-64 with AVX2 or newer: from both ends to the middle, with
   * fused multiply-adds (ATen/native/cpu/RangeFactoriesKernel.cpp).
   */
  private static float[] linspace(float start, float end, int count) {
    float stride = (end - start) / (count - 1);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          i < count / 2 ? Math.fma(stride, i, start) : Math.fma(-stride, count - 1 - i, end);
    }
    return values;
  }

  private static float[] squares(float[] values) {
    float[] squares = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      squares[i] = values[i] * values[i];
    }
    return squares;
  }

  private static float[] squaredCosine(int count) {
    float[] betas = new float[count];
    for (int i = 0; i < count; i++) {
      double ratio = signal((i + 1) / (double) count) / signal(i / (double) count);
      betas[i] = (float) Math.min(1 - ratio, MAX_BETA);
    }
    return betas;
  }

  /** The signal's share of the variance at a time of 0 to 1. */
  private static double signal(double time) {
    double cosine = Math.cos((time + 0.008) / 1.008 * Math.PI / 2);
    return cosine * cosine;
  }
}
