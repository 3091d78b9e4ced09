package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.HubServer;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job with a model of the hub. */
class HubModelJobTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void makesTheSameImagesAsFromALocalFolder() throws IOException {
    Path local = EmbeddedModels.base().toAbsolutePath();
    try (HubServer server = new HubServer(local)) {
      server.token = "unmistakable-token";
      List<Row> remote = run(server, "remote", "org/tiny", "hf_access_token=unmistakable-token");

      assertThat(remote).hasSize(1).isEqualTo(run(server, "local", local.toString()));
      assertThat(server.downloads())
          .doesNotHaveDuplicates()
          .noneMatch(line -> line.contains("README.md"))
          .anyMatch(line -> line.contains("/resolve/" + HubServer.COMMIT + "/unet/"));
      assertThat(Files.readString(folder.resolve("remote/run.json")))
          .contains("\"name\" : \"org/tiny\"", "\"commit\" : \"" + HubServer.COMMIT + "\"")
          .doesNotContain("unmistakable-token");
      assertThat(Files.readString(folder.resolve("remote/index.html")))
          .contains("revision=" + HubServer.COMMIT);
      assertThat(LocalSpark.eventText())
          .contains("SparkListenerJobStart")
          .doesNotContain("unmistakable-token");
      Path repository = folder.resolve("cache/models--org--tiny");
      assertThat(run(server, "cached", repository.toString(), "revision=main")).isEqualTo(remote);
      Path snapshot = repository.resolve("snapshots/" + HubServer.COMMIT);
      assertThat(run(server, "snapshot", snapshot.toString())).isEqualTo(remote);
    }
  }

  private List<Row> run(HubServer server, String name, String model, String... more)
      throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "prompt: a red circle\n");
    Stream<String> common =
        Stream.of(
            "pretrained_model_name_or_path=" + model,
            "model_cache_dir=" + folder.resolve("cache"),
            "num_inference_steps=2",
            "resolution=64",
            "device=cpu",
            "png_parameters=false",
            "output_dir=" + folder.resolve(name));
    JobConfig settings = JobConfig.load(config, Stream.concat(common, Stream.of(more)).toList());
    HubEnvironment hub =
        HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder);
    GenerateJob job =
        new GenerateJob(spark, settings)
            .models(
                any ->
                    Model.open(
                        settings.model(),
                        settings.execution(),
                        "ddim",
                        spark.sessionState().newHadoopConf(),
                        hub));
    assertThat(job.execute().counts().generated()).isEqualTo(1);
    return spark
        .read()
        .parquet(folder.resolve(name + "/rows").toString())
        .select("id", "image_index", "sha256", "request_hash")
        .collectAsList();
  }
}
