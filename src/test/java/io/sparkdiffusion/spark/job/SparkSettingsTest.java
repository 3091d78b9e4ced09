package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkSettingsTest {

  /** A machine with a broken GPU is left out; GPUs are counted as Spark's script counts them. */
  @Test
  void setsWhatRunsOnGpusNeed() {
    SparkConf cluster = SparkSettings.of(sparkConf("spark://host:7077"), "cuda");
    assertThat(cluster.get("spark.executorEnv.CUDA_DEVICE_ORDER")).isEqualTo("PCI_BUS_ID");
    assertThat(cluster.getBoolean("spark.excludeOnFailure.enabled", false)).isTrue();

    SparkConf given = sparkConf("yarn").set("spark.task.resource.gpu.amount", "0.5");
    assertThat(SparkSettings.of(given, "auto").getBoolean("spark.excludeOnFailure.enabled", false))
        .as("Spark gives tasks GPUs")
        .isTrue();
    assertThat(
            SparkSettings.of(sparkConf("yarn"), "auto").contains("spark.excludeOnFailure.enabled"))
        .isFalse();

    SparkConf local = SparkSettings.of(sparkConf("local[2]"), "cuda");
    assertThat(local.contains("spark.excludeOnFailure.enabled")).isFalse();
    assertThat(SparkSettings.of(sparkConf("yarn"), "cpu").getAll())
        .extracting(setting -> setting._1())
        .containsExactlyInAnyOrder("spark.master", "spark.app.name", "spark.plugins");
    SparkConf chosen =
        SparkSettings.of(
            sparkConf("yarn")
                .set("spark.task.maxFailures", "2")
                .set("spark.executorEnv.CUDA_DEVICE_ORDER", "FASTEST_FIRST"),
            "cuda");
    assertThat(chosen.contains("spark.excludeOnFailure.enabled")).isFalse();
    assertThat(chosen.get("spark.executorEnv.CUDA_DEVICE_ORDER")).isEqualTo("FASTEST_FIRST");
  }

  private static SparkConf sparkConf(String master) {
    return new SparkConf(false).set("spark.master", master);
  }

  @Test
  void installsMetricsBesideThePluginsOfTheUser() {
    String ours = "io.sparkdiffusion.spark.executor.DiffusionPlugin";
    assertThat(plugins("")).isEqualTo(ours);
    assertThat(plugins("a.First, b.Second")).isEqualTo("a.First,b.Second," + ours);
    assertThat(plugins(ours + ",a.First")).isEqualTo(ours + ",a.First");
  }

  private static String plugins(String chosen) {
    return SparkSettings.of(new SparkConf(false).set("spark.plugins", chosen), "cpu")
        .get("spark.plugins");
  }
}
