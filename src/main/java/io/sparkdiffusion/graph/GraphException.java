package io.sparkdiffusion.graph;

/** An operation that cannot be recorded, compiled or run. */
public final class GraphException extends RuntimeException {

  private static final String PACKAGE = GraphException.class.getPackageName() + ".";

  /** A failure without a cause. */
  public GraphException(String message) {
    super(message);
  }

  /** A failure with its cause. */
  public GraphException(String message, Throwable cause) {
    super(message, cause);
  }

  /** An operation on shapes that do not fit, with the line of Java that asked for it. */
  static GraphException cannot(String operation, String rule, Object... actual) {
    StringBuilder values = new StringBuilder();
    for (Object value : actual) {
      values.append(values.isEmpty() ? "" : " and ").append(value);
    }
    return new GraphException(
        "Cannot record %s: %s (%s), asked for at %s".formatted(operation, rule, values, caller()));
  }

  /** The first line outside this package, which records. */
  private static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> !frame.getClassName().startsWith(PACKAGE))
                    .findFirst()
                    .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                    .orElse("an unknown line"));
  }
}
