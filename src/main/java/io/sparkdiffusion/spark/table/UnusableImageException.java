package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.image.UnreadableImageException;
import io.sparkdiffusion.request.InputImage;

/** An image that a row gives and nothing can be made with; the message is the row's reason. */
public final class UnusableImageException extends Exception {

  private static final long serialVersionUID = 1L;

  /** As a reader of images says it. */
  public UnusableImageException(InputImage input, UnreadableImageException cause) {
    super("Cannot read %s: %s".formatted(input.path(), cause.reason()), cause);
  }

  /**
   * With the rule that it breaks.
   *
   * @param actual what there is instead
   */
  public UnusableImageException(InputImage input, String rule, String actual) {
    this(input, rule, actual, null);
  }

  UnusableImageException(InputImage input, String rule, String actual, Throwable cause) {
    super("Cannot use %s: %s (%s)".formatted(input.path(), rule, actual), cause);
  }
}
