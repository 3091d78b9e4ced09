package io.sparkdiffusion.testing;

import java.nio.file.Path;

/** The models that ship with the project and draw what prompts say; tools/tiny-sd2 made them. */
public final class EmbeddedModels {

  /** Pixels on each side of the images that they were trained on. */
  public static final int RESOLUTION = 128;

  private EmbeddedModels() {}

  /** Predicts noise, as Stable Diffusion 2 base. */
  public static Path base() {
    return Path.of("models/tiny-sd2-base");
  }

  /** Predicts velocity, with zero terminal SNR and trailing timesteps, as Stable Diffusion 2.1. */
  public static Path version21() {
    return Path.of("models/tiny-sd2-1");
  }

  /** A LoRA for {@link #version21()}: landscapes at sunset. */
  public static Path sunset() {
    return Path.of("models/tiny-sd2-adapters/sunset.safetensors");
  }

  /** An embedding for {@link #version21()}: a green circle with dark stripes. */
  public static Path watermelon() {
    return Path.of("models/tiny-sd2-adapters/watermelon.safetensors");
  }

  /** A ControlNet for {@link #version21()}: scenes over edges. */
  public static Path canny() {
    return Path.of("models/tiny-sd2-canny");
  }

  /** Makes images of {@link #version21()} four times as large. */
  public static Path x4() {
    return Path.of("models/tiny-sd2-x4");
  }
}
