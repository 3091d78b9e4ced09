package io.sparkdiffusion.sampler;

import java.util.List;

/** All that is wrong with a schedule. */
public final class ScheduleException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  ScheduleException(List<String> problems) {
    super(String.join(System.lineSeparator(), problems));
    this.problems = List.copyOf(problems);
  }

  /** The problems one by one; their values are shown as they are in the file. */
  public List<String> problems() {
    return problems;
  }
}
