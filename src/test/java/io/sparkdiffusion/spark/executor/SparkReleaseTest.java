package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparkReleaseTest {

  @Test
  void takesTheSparkThatItIsBuiltWith() {
    assertThatCode(SparkRelease::require).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "SPARK_3, 3.5, 2.12",
    "SPARK_3, 3.5.0, 2.12.15",
    "SPARK_3, 3.5.9-amzn-1, 2.12.18",
    "SPARK_4, 4.0.1, 2.13.16",
    "SPARK_4, 4.2.0, 2.13.18"
  })
  void takesItsReleases(SparkRelease jar, String spark, String scala) {
    assertThatCode(() -> jar.require(spark, scala)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"4.0.1, 2.13.16", "3.5.9, 2.13.8", "3.4.4, 2.12.17", "3.50.1, 2.12.18"})
  void theJarForSpark3RefusesOthers(String spark, String scala) {
    assertThatThrownBy(() -> SparkRelease.SPARK_3.require(spark, scala))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot run on Spark %s: spark-diffusion_2.12 is for Spark 3.5 with Scala 2.12;"
                    + " spark-diffusion_2.13 is for Spark 4 with Scala 2.13; without SPARK_HOME,"
                    + " jobs/generate brings its own (Scala %s)")
                .formatted(spark, scala));
  }

  @ParameterizedTest
  @CsvSource({"3.5.9, 2.12.18", "3.5.9, 2.13.8", "5.0.0, 2.13.18", "4.0.1, 3.3.1"})
  void theJarForSpark4RefusesOthers(String spark, String scala) {
    assertThatThrownBy(() -> SparkRelease.SPARK_4.require(spark, scala))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot run on Spark %s: spark-diffusion_2.13 is for Spark 4 with Scala 2.13;"
                .formatted(spark))
        .hasMessageEndingWith("(Scala %s)", scala);
  }

  @Test
  void knowsItsJarByTheScalaOfTheBuild() {
    String running = scala.util.Properties.versionNumberString();
    assertThat(SparkRelease.ofThisJar())
        .isEqualTo(running.startsWith("2.12.") ? SparkRelease.SPARK_3 : SparkRelease.SPARK_4);
  }
}
