package io.sparkdiffusion.cli;

import io.sparkdiffusion.spark.output.Failures;
import org.apache.spark.deploy.SparkSubmit;

/**
 * Spark's own submit class, which the launcher starts through this one: what Spark refuses ends
 * with one line that says why, and not with where in Spark that was found.
 */
public final class Submit {

  private Submit() {}

  /** Starts an application with Spark's options. */
  public static void main(String[] arguments) {
    try {
      SparkSubmit.main(arguments);
    } catch (Exception e) {
      // Applications end the JVM by themselves, so this comes before one has begun.
      System.err.println("Cannot start Spark: " + Failures.reason(e));
      System.exit(ExitCode.NOT_USABLE);
    }
  }
}
