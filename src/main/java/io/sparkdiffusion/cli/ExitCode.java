package io.sparkdiffusion.cli;

/** What the commands' exit codes mean. */
public final class ExitCode {

  public static final int DONE = 0;
  public static final int JOB_FAILED = 1;

  /** Configuration, usage, or a table with duplicate or missing ids. */
  public static final int NOT_USABLE = 2;

  public static final int TOO_MANY_FAILED_ROWS = 3;

  private ExitCode() {}
}
