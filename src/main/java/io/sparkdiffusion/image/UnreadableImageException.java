package io.sparkdiffusion.image;

/** A file that is no image that can be begun with: {@code Cannot read image: rule (value)}. */
public final class UnreadableImageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String reason;

  /** With the rule that is broken and what is there instead. */
  UnreadableImageException(String rule, Object actual) {
    this(rule, actual, null);
  }

  /** The same with what has told it. */
  UnreadableImageException(String rule, Object actual, Throwable cause) {
    super("Cannot read image: %s (%s)".formatted(rule, actual), cause);
    this.reason = "%s (%s)".formatted(rule, actual);
  }

  /** The rule and what is there instead, for who says which image it is. */
  public String reason() {
    return reason;
  }
}
