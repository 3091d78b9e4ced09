package io.sparkdiffusion.image;

/** A file that is no image that can be begun with: {@code Cannot read image: rule (value)}. */
public final class UnreadableImageException extends RuntimeException {

  /** With the rule that is broken and what is there instead. */
  UnreadableImageException(String rule, Object actual) {
    super(message(rule, actual));
  }

  /** The same with what has told it. */
  UnreadableImageException(String rule, Object actual, Throwable cause) {
    super(message(rule, actual), cause);
  }

  private static String message(String rule, Object actual) {
    return "Cannot read image: %s (%s)".formatted(rule, actual);
  }
}
