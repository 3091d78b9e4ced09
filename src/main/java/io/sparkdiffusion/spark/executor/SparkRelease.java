package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ProblemsException;
import org.apache.spark.SparkConf;

/**
 * The Spark that this jar is compiled against. Another one fails somewhere in the middle with the
 * name of a method, so this is asked first.
 */
public final class SparkRelease {

  private static final String SPARK = "3.5";
  private static final String SCALA = "2.12";

  private SparkRelease() {}

  /**
   * Makes sure that this JVM's Spark is the right one.
   *
   * @throws ProblemsException where it is not
   */
  public static void require() {
    require(
        org.apache.spark.package$.MODULE$.SPARK_VERSION(),
        scala.util.Properties.versionNumberString());
  }

  static void require(String spark, String scala) {
    if (!isOf(SPARK, spark) || !isOf(SCALA, scala)) {
      throw new ProblemsException(
          ("Cannot run on Spark %s: this jar is for Spark %s with Scala %s; start it there, or unset"
                  + " SPARK_HOME: jobs/generate brings its own (Scala %s)")
              .formatted(spark, SPARK, SCALA, scala));
    }
  }

  private static boolean isOf(String release, String version) {
    return version.equals(release) || version.startsWith(release + ".");
  }

  /**
   * Makes sure that the driver runs where the job was started.
   *
   * @throws ProblemsException where the cluster runs it
   */
  public static void requireClientMode(SparkConf conf) {
    if (conf.get("spark.submit.deployMode", "client").equals("cluster")) {
      throw new ProblemsException(
          "Cannot run with --deploy-mode cluster: the driver must run on the machine that has the"
              + " configuration; leave the option out (spark.submit.deployMode=cluster)");
    }
  }
}
