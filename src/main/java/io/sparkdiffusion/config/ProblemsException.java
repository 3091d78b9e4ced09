package io.sparkdiffusion.config;

import java.util.List;

/** All that is wrong with a configuration, a model folder or a table, each in one line. */
public final class ProblemsException extends RuntimeException {

  private final List<String> problems;

  /** One or more problems, each {@code Cannot <verb> <thing>: <rule> (<actual value>)}. */
  public ProblemsException(List<String> problems) {
    super(String.join(System.lineSeparator(), problems));
    this.problems = List.copyOf(problems);
  }

  /** A single problem. */
  public ProblemsException(String problem) {
    this(List.of(problem));
  }

  /** A single problem that something else caused. */
  public ProblemsException(String problem, Throwable cause) {
    this(List.of(problem));
    initCause(cause);
  }

  /** The problems, one line each. */
  public List<String> problems() {
    return problems;
  }
}
