package io.sparkdiffusion.torch;

import java.util.List;

/** A libtorch that cannot be used as it lies or is set, with everything that is wrong. */
public final class UnusableLibtorchException extends RuntimeException {

  private final List<String> problems;

  UnusableLibtorchException(List<String> problems) {
    this(problems, null);
  }

  UnusableLibtorchException(List<String> problems, Throwable cause) {
    super(String.join(System.lineSeparator(), problems), cause);
    this.problems = List.copyOf(problems);
  }

  /** Each with its fix. */
  public List<String> problems() {
    return problems;
  }
}
