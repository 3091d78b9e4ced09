package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.job.SparkSettings;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.FakeModel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spark's own page for Prometheus shows what the job makes. */
class PrometheusTest {

  private static final String PREFIX =
      "metrics_spark_diffusion_driver_plugin_io_sparkdiffusion_spark_executor_DiffusionPlugin_";

  /** Three steps, and the fake takes a millisecond for each image. */
  private static final String CONFIG =
      """
      pretrained_model_name_or_path: %1$s
      prompts: %1$s/prompts.csv
      output_dir: %1$s/out
      output_format: parquet
      resolution: 8
      num_inference_steps: 3
      per_device_batch_size: 4
      device: cpu
      """;

  @TempDir private Path folder;

  /** A batch of four does not fit, so six images of a run go in pairs; one fails in each run. */
  @Test
  void showsWhatTwoRunsHaveMade() throws IOException, InterruptedException {
    Files.writeString(folder.resolve("job.yml"), CONFIG.formatted(folder));
    Files.writeString(
        folder.resolve("prompts.csv"),
        "id,prompt,seed\na,fox,\nb,owl,\nc,elk,\nd,NAN,\ne,cat,\nf,dog,\nbad,cow,many\n");
    ChildJvm.run(
        PrometheusTest.class,
        List.of(
            "-Dspark.master=local[2]",
            "-Dspark.ui.enabled=true",
            "-Dspark.ui.port=0",
            "-Dspark.metrics.conf.*.sink.prometheusServlet.class="
                + "org.apache.spark.metrics.sink.PrometheusServlet",
            "-Dspark.metrics.conf.*.sink.prometheusServlet.path=/metrics/prometheus"),
        folder.toString());

    List<String> ours =
        Files.readAllLines(folder.resolve("page.txt")).stream()
            .filter(line -> line.startsWith(PREFIX))
            .map(line -> line.substring(PREFIX.length()))
            .toList();
    assertThat(ours)
        .contains(
            "images_done_Count{type=\"counters\"} 10",
            "images_failed_Count{type=\"counters\"} 3",
            "models_loaded_Count{type=\"counters\"} 1",
            "batch_halvings_Count{type=\"counters\"} 1",
            "gpu_memory_bytes_Value{type=\"gauges\"} 0",
            "batch_size_Count{type=\"histograms\"} 6",
            "batch_size_Max{type=\"histograms\"} 2",
            "step_microseconds_Count{type=\"histograms\"} 6",
            "step_microseconds_Max{type=\"histograms\"} 666");
    assertThat(ours)
        .filteredOn(line -> line.startsWith("process_anonymous_memory_bytes_Value"))
        .singleElement()
        .satisfies(
            line ->
                assertThat(Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                    .isBetween(50L << 20, 8L << 30));
  }

  /** The child: two runs of {@link Main} in one session, then the page. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path folder = Path.of(arguments[0]);
    SparkSession spark =
        SparkSession.builder().config(SparkSettings.of(new SparkConf(), "cpu")).getOrCreate();
    for (String seed : List.of("seed=1", "seed=2")) {
      Main main =
          new Main(System.err, job -> job.models(any -> FakeModel.named("metrics", 2 * 8 * 8)));
      if (main.run(folder.resolve("job.yml").toString(), seed, "max_failed_rows=100%") != 0) {
        throw new IllegalStateException("the run must end well");
      }
    }
    URI page = URI.create(spark.sparkContext().uiWebUrl().get() + "/metrics/prometheus");
    String text =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()
            .send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString())
            .body();
    Files.writeString(folder.resolve("page.txt"), text);
    spark.stop();
  }
}
