package io.sparkdiffusion.image;

import io.sparkdiffusion.metadata.AiMark;
import io.sparkdiffusion.metadata.GenerationParameters;

/**
 * A text inside a PNG file.
 *
 * @param keyword 1 to 79 printable ASCII characters, no spaces at its ends
 * @param text no NUL characters; it prints without its content
 */
public record PngText(String keyword, String text) {

  /** Checks the keyword, which comes from the source. */
  public PngText {
    if (!keyword.matches("[!-~]([ -~]{0,77}[!-~])?")) {
      throw new IllegalArgumentException(
          "Cannot use a PNG keyword: it must be 1 to 79 printable characters (" + keyword + ")");
    }
  }

  /** The generation parameters under the keyword that other programs look for. */
  public static PngText of(GenerationParameters parameters) {
    return new PngText("parameters", parameters.text());
  }

  /** The mark of AI pictures. */
  public static PngText aiMark() {
    return new PngText("XML:com.adobe.xmp", AiMark.xmp());
  }

  @Override
  public String toString() {
    return "PngText[" + keyword + "]";
  }
}
