package io.sparkdiffusion.config;

import java.util.List;
import java.util.Map;

/**
 * All that is wrong with a configuration, a model folder or a table, each in one line. What others
 * wrote into a line cannot end it ({@link Shown#line}).
 */
public class ProblemsException extends RuntimeException {

  private final List<Problem> all;
  private final boolean saysFix;

  /** One or more problems, each {@code Cannot <verb> <thing>: <rule> (<actual value>)}. */
  public ProblemsException(List<String> problems) {
    this(problems.stream().map(Problem::line).toList(), false);
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

  ProblemsException(List<Problem> all, boolean saysFix) {
    super(String.join(System.lineSeparator(), lines(all)));
    this.all = all;
    this.saysFix = saysFix;
  }

  /** A single problem whose cause is known, so that the line goes on with what to do. */
  public static ProblemsException withFix(String problem, String fix) {
    return new ProblemsException(List.of(Problem.line(problem + "; " + fix)), true);
  }

  /** The same problems with other names for the settings, where there are any. */
  public ProblemsException renamed(Map<String, String> names) {
    return new ProblemsException(
        all.stream()
            .map(one -> one.withKey(names.getOrDefault(one.key(), one.key())))
            .distinct()
            .toList(),
        saysFix);
  }

  List<Problem> all() {
    return all;
  }

  private static List<String> lines(List<Problem> all) {
    return all.stream().map(Problem::toString).toList();
  }

  /** The problems, one line each. */
  public List<String> problems() {
    return lines(all);
  }

  /** Whether every line itself says what to do. */
  public boolean saysFix() {
    return saysFix;
  }
}
