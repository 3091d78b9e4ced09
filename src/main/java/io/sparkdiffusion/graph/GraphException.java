package io.sparkdiffusion.graph;

/** An operation that cannot be recorded, compiled or run. */
public final class GraphException extends RuntimeException {

  GraphException(String message) {
    super(message);
  }

  GraphException(String message, Throwable cause) {
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

  private static String caller() {
    String here = GraphException.class.getPackageName() + ".";
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> isOutside(frame.getClassName(), here))
                    .findFirst()
                    .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                    .orElse("an unknown line"));
  }

  private static boolean isOutside(String className, String here) {
    return !className.startsWith(here) || className.endsWith("Test");
  }
}
