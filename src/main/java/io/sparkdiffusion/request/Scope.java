package io.sparkdiffusion.request;

/** Where a parameter can be said. */
public enum Scope {
  /** For all rows, in the configuration. */
  JOB,
  /** In a column of the table of prompts. */
  ROW,
  /** In both; the row's wins. */
  BOTH
}
