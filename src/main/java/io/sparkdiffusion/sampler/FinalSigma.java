package io.sparkdiffusion.sampler;

/** Where a run ends; the names are diffusers' {@code final_sigmas_type}, in lower case. */
enum FinalSigma {
  /** Without noise. */
  ZERO,
  /** At the least noise that the model was trained with. */
  SIGMA_MIN
}
