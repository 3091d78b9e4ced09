package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.metadata.Build;

/**
 * The line of Spark that this jar is compiled for. Another one fails somewhere in the middle with
 * the name of a method, so this is asked first, and by nothing that the lines do not share.
 */
public enum SparkRelease {
  SPARK_3("3.5", "2.12"),
  SPARK_4("4", "2.13");

  private final String sparkLine;
  private final String scalaLine;

  SparkRelease(String sparkLine, String scalaLine) {
    this.sparkLine = sparkLine;
    this.scalaLine = scalaLine;
  }

  /**
   * Makes sure that this JVM's Spark is the right one.
   *
   * @throws ProblemsException where it is not
   */
  public static void require() {
    ofThisJar()
        .require(
            org.apache.spark.package$.MODULE$.SPARK_VERSION(),
            scala.util.Properties.versionNumberString());
  }

  /** The line that the build has chosen. */
  static SparkRelease ofThisJar() {
    return Build.scala().equals(SPARK_3.scalaLine) ? SPARK_3 : SPARK_4;
  }

  void require(String sparkVersion, String scalaVersion) {
    if (!isOf(sparkLine, sparkVersion) || !isOf(scalaLine, scalaVersion)) {
      SparkRelease other = this == SPARK_3 ? SPARK_4 : SPARK_3;
      throw new ProblemsException(
          ("Cannot run on Spark %s: %s; %s; without SPARK_HOME, jobs/generate brings its own"
                  + " (Scala %s)")
              .formatted(sparkVersion, jar(), other.jar(), scalaVersion));
    }
  }

  private String jar() {
    return "spark-diffusion_%s is for Spark %s with Scala %s"
        .formatted(scalaLine, sparkLine, scalaLine);
  }

  private static boolean isOf(String release, String version) {
    return version.equals(release) || version.startsWith(release + ".");
  }
}
