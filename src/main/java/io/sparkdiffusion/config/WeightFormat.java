package io.sparkdiffusion.config;

/** In which files of a model folder its weights are; the setting is {@code from_pt}. */
public enum WeightFormat {
  /** PyTorch's names and layouts, {@code from_pt=true}. */
  SAFETENSORS,
  /** Flax's, in msgpack, {@code from_pt=false}. */
  FLAX
}
