package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.config.ProblemsException;
import java.util.Optional;

/** Finds in a chain of exceptions, which Spark makes long, what a person needs to know. */
public final class Failures {

  private static final int DEEPEST = 50;

  /** So begin this project's messages, which say what their causes say and more. */
  private static final String OWN = "Cannot ";

  private Failures() {}

  /** The problems that an executor or the driver has found, where that is why it failed. */
  public static Optional<ProblemsException> problems(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (cause instanceof ProblemsException problems) {
        return Optional.of(problems);
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }

  /** One line that says why. */
  public static String reason(Throwable failure) {
    Optional<ProblemsException> problems = problems(failure);
    if (problems.isPresent()) {
      return String.join("; ", problems.get().problems());
    }
    Throwable cause = failure;
    for (int depth = 0; cause.getCause() != null && depth < DEEPEST; depth++) {
      if (firstLine(cause).startsWith(OWN)) {
        return firstLine(cause);
      }
      cause = cause.getCause();
    }
    String line = firstLine(cause);
    if (line.isBlank()) {
      return cause.getClass().getName();
    }
    // "Java heap space" or the name of a class says little without its kind.
    return cause instanceof Error ? cause.getClass().getName() + ": " + line : line;
  }

  private static String firstLine(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? "" : message.lines().findFirst().orElse("");
  }
}
