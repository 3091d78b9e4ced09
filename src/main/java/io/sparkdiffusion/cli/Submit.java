package io.sparkdiffusion.cli;

import io.sparkdiffusion.spark.output.Failures;
import java.util.List;
import org.apache.spark.deploy.SparkSubmit;

/**
 * Spark's own submit class, which the launcher starts through this one: what Spark refuses, and an
 * application that fails on YARN, end with one line that says why, and not with where in Spark that
 * was found.
 */
public final class Submit {

  private static final String DONE = "Done: YARN has run the driver, whose log has the counts";
  private static final String TAKEN =
      "YARN has taken the application, and nobody waits for its end";

  private Submit() {}

  /** Starts an application with Spark's options. */
  public static void main(String[] arguments) {
    try {
      SparkSubmit.main(arguments);
      // Other applications end the JVM by themselves.
      System.err.println(isAwaited(arguments) ? DONE : TAKEN);
    } catch (Exception e) {
      YarnApplication.of(e).map(YarnApplication::ending).ifPresent(Submit::end);
      // Here none has begun.
      System.err.println("Cannot start Spark: " + Failures.reason(e));
      System.exit(ExitCode.NOT_USABLE);
    }
  }

  private static boolean isAwaited(String[] arguments) {
    return !List.of(arguments).contains("spark.yarn.submit.waitAppCompletion=false");
  }

  private static void end(YarnDriver.Ending ending) {
    System.err.println(ending.reason());
    System.exit(ending.code());
  }
}
