package io.sparkdiffusion.cli;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * A driver that YARN runs, in cluster mode. Spark takes a call of {@link System#exit} there for an
 * early death, whatever the code; a return for success; and the text of an exception for the
 * application's diagnostics. Those then hold the reason and, since YARN has no place for it, the
 * exit code.
 */
public final class YarnDriver {

  private static final String ENDED = "%s [exit code %s]";
  private static final Pattern TOLD = Pattern.compile("(?s)(.*) \\[exit code (\\d+)]\\s*");
  private static final String SPARKS = "User class threw exception: ";

  private YarnDriver() {}

  /** Whether YARN runs this JVM's driver. */
  public static boolean isThis() {
    SparkConf conf = new SparkConf();
    return isOnCluster(conf) && conf.contains("spark.yarn.app.id");
  }

  /** Whether the driver runs where the cluster has put it. */
  static boolean isOnCluster(SparkConf conf) {
    return conf.get("spark.submit.deployMode", "client").equals("cluster");
  }

  /**
   * Tells YARN that there is a driver, which Spark does with its context: only of such an
   * application YARN takes a reason. Where Spark cannot start, YARN shows the end of the driver's
   * log, whose last line is the same.
   */
  public static void register() {
    SparkConf conf = new SparkConf();
    conf.set("spark.executor.instances", "0").set("spark.dynamicAllocation.enabled", "false");
    try {
      new SparkContext(conf).stop();
    } catch (Exception e) {
      return; // told by whoever has tried before
    }
  }

  /**
   * Ends the driver's work.
   *
   * @param reason one line, read where the code is not 0
   * @throws RuntimeException that is the application's diagnostics, for any other code
   */
  public static void end(int code, String reason) {
    if (code != ExitCode.DONE) {
      throw new Ended(ENDED.formatted(reason, code));
    }
  }

  /**
   * How an application ended.
   *
   * @param reason its last line
   */
  record Ending(int code, String reason) {}

  /** Reads what {@link #end} has told, nothing where something else is told. */
  static Optional<Ending> read(String diagnostics) {
    int begin = diagnostics.indexOf(SPARKS);
    Matcher told = TOLD.matcher(begin < 0 ? "" : diagnostics.substring(begin + SPARKS.length()));
    return told.matches()
        ? Optional.of(new Ending(Integer.parseInt(told.group(2)), told.group(1)))
        : Optional.empty();
  }

  /** Spark prints it with its stack trace, of which there is none, and YARN what it is as text. */
  @SuppressWarnings("OverrideThrowableToString") // the class's name is no part of the reason
  private static final class Ended extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Ended(String told) {
      super(told, null, false, false);
    }

    @Override
    public String toString() {
      return getMessage();
    }
  }
}
