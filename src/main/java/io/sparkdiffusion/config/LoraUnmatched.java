package io.sparkdiffusion.config;

/** What happens to an adapter's tensors that belong to no layer of the model. */
public enum LoraUnmatched {
  /** The job does not begin. */
  REFUSE,
  /** They are left out and told. */
  IGNORE
}
