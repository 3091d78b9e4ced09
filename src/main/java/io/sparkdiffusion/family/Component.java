package io.sparkdiffusion.family;

/** A network of a model, by what it does. */
public enum Component {
  /** CLIP's text transformer. */
  TEXT_ENCODER("text_encoder"),
  /** The denoiser. */
  UNET("unet"),
  /** The autoencoder's decoder; {@link ImageEncoderNetwork} is its encoder. */
  VAE("vae");

  private final String folder;

  Component(String folder) {
    this.folder = folder;
  }

  /** The name of its folder. */
  public String folder() {
    return folder;
  }

  @Override
  public String toString() {
    return folder;
  }
}
