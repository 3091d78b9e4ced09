package io.sparkdiffusion.config;

/** The number format of weights and activations. */
public enum Precision {
  /** By the device; settled before images are planned, since it is part of their hashes. */
  AUTO("auto"),
  FLOAT32("float32"),
  BFLOAT16("bfloat16"),
  FLOAT16("float16");

  private final String label;

  Precision(String label) {
    this.label = label;
  }

  /** The name that settings, hashes and reports use. */
  public String label() {
    return label;
  }
}
