package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.request.Parameters;

/** An image that a row cannot start from; the message is the row's reason. */
public final class UnusableInitImageException extends Exception {

  private static final long serialVersionUID = 1L;

  /** As a reader of images says it. */
  public UnusableInitImageException(RuntimeException cause) {
    super(cause.getMessage(), cause);
  }

  /**
   * With the rule that it breaks.
   *
   * @param actual what there is instead
   */
  public UnusableInitImageException(String rule, String actual) {
    this(rule, actual, null);
  }

  UnusableInitImageException(String rule, String actual, Throwable cause) {
    super("Cannot use %s: %s (%s)".formatted(Parameters.INIT_IMAGE, rule, actual), cause);
  }
}
