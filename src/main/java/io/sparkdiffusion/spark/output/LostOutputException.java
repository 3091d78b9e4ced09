package io.sparkdiffusion.spark.output;

import java.io.IOException;

/** Another run has taken over the output folder; its message says who holds it. */
public final class LostOutputException extends IOException {

  private static final long serialVersionUID = 1L;

  LostOutputException(String lockFile, String holder) {
    super(
        "Cannot go on: this run must hold its output folder, and another one has taken it over while"
            + " this one stood still (%s)".formatted(held(lockFile, holder)));
  }

  private static String held(String lockFile, String holder) {
    return holder.isEmpty()
        ? "nobody holds %s any more".formatted(lockFile)
        : "%s holds %s".formatted(holder, lockFile);
  }
}
