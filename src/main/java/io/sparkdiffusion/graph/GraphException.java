package io.sparkdiffusion.graph;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An operation that cannot be recorded, compiled or run. */
public final class GraphException extends RuntimeException {

  private static final Set<String> RECORDING =
      Stream.of(
              Attention.class,
              Doubling.class,
              Graph.class,
              GraphException.class,
              Layers.class,
              Scope.class,
              Shape.class,
              Tensor.class)
          .map(Class::getName)
          .collect(Collectors.toUnmodifiableSet());

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

  /** The first line outside the classes that record. */
  private static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> !RECORDING.contains(frame.getClassName()))
                    .findFirst()
                    .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                    .orElse("an unknown line"));
  }
}
