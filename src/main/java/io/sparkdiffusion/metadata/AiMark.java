package io.sparkdiffusion.metadata;

/** The machine-readable mark of pictures made by a model. */
public final class AiMark {

  private AiMark() {}

  /** An XMP packet whose {@code DigitalSourceType} is {@code trainedAlgorithmicMedia}. */
  public static String xmp() {
    throw new UnsupportedOperationException();
  }
}
