package io.sparkdiffusion.config;

import java.util.List;

/**
 * All that is wrong with a configuration, a model folder or a table, each in one line. What others
 * wrote into a line cannot end it ({@link Shown#line}).
 */
public class ProblemsException extends RuntimeException {

  private final List<String> problems;
  private final boolean saysFix;

  /** One or more problems, each {@code Cannot <verb> <thing>: <rule> (<actual value>)}. */
  public ProblemsException(List<String> problems) {
    this(problems, false);
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

  ProblemsException(List<String> problems, boolean saysFix) {
    super(String.join(System.lineSeparator(), problems.stream().map(Shown::line).toList()));
    this.problems = problems.stream().map(Shown::line).toList();
    this.saysFix = saysFix;
  }

  /** A single problem whose cause is known, so that the line goes on with what to do. */
  public static ProblemsException withFix(String problem, String fix) {
    return new ProblemsException(List.of(problem + "; " + fix), true);
  }

  /** The problems, one line each. */
  public List<String> problems() {
    return problems;
  }

  /** Whether every line itself says what to do. */
  public boolean saysFix() {
    return saysFix;
  }
}
