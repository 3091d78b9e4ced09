package io.sparkdiffusion.image;

import io.sparkdiffusion.metadata.AiMark;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageOrigin;

/**
 * A text inside a PNG file.
 *
 * @param keyword 1 to 79 printable ASCII characters, no spaces at its ends
 * @param text no NUL characters; it prints without its content
 */
public record PngText(String keyword, String text) {

  /** The keyword of {@link GenerationParameters}, which other programs look for. */
  public static final String PARAMETERS = "parameters";

  /** The keyword of {@link ImageOrigin}. */
  public static final String ORIGIN = "spark-diffusion";

  /** The keyword of XMP packets. */
  public static final String XMP = "XML:com.adobe.xmp";

  /** Checks the keyword, which comes from the source. */
  public PngText {
    if (!keyword.matches("[!-~]([ -~]{0,77}[!-~])?")) {
      throw new IllegalArgumentException(
          "Cannot use a PNG keyword: it must be 1 to 79 printable characters (" + keyword + ")");
    }
  }

  /** The generation parameters. */
  public static PngText of(GenerationParameters parameters) {
    return new PngText(PARAMETERS, parameters.text());
  }

  /** What decides the image beside its generation parameters. */
  public static PngText of(ImageOrigin origin) {
    return new PngText(ORIGIN, origin.toJson());
  }

  /** The mark of AI images. */
  public static PngText aiMark() {
    return new PngText(XMP, AiMark.xmp());
  }

  @Override
  public String toString() {
    return "PngText[" + keyword + "]";
  }
}
