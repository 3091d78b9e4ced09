package io.sparkdiffusion.image;

import io.sparkdiffusion.metadata.AiMark;
import io.sparkdiffusion.metadata.GenerationParameters;

/**
 * A text inside a PNG file.
 *
 * @param keyword 1 to 79 Latin-1 characters
 */
public record PngText(String keyword, String text) {

  /** The generation parameters under the keyword that other programs look for. */
  public static PngText of(GenerationParameters parameters) {
    return new PngText("parameters", parameters.text());
  }

  /** The mark of AI pictures. */
  public static PngText aiMark() {
    return new PngText("XML:com.adobe.xmp", AiMark.xmp());
  }
}
