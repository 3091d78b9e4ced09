package io.sparkdiffusion.spark.executor;

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
  @CsvSource({"3.5, 2.12", "3.5.0, 2.12.15", "3.5.9-amzn-1, 2.12.18"})
  void takesItsReleases(String spark, String scala) {
    assertThatCode(() -> SparkRelease.require(spark, scala)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"4.0.1, 2.13.16", "3.5.9, 2.13.8", "3.4.4, 2.12.17", "3.50.1, 2.12.18"})
  void refusesOthers(String spark, String scala) {
    assertThatThrownBy(() -> SparkRelease.require(spark, scala))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot run on Spark %s: this jar is for Spark 3.5 with Scala 2.12; start it there, or"
                    + " unset SPARK_HOME: jobs/generate brings its own (Scala %s)")
                .formatted(spark, scala));
  }
}
