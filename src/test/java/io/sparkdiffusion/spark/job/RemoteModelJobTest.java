package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job with a real model that lies on another file system. */
class RemoteModelJobTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void makesTheSameImagesAsFromALocalFolder() throws IOException {
    Path log = folder.resolve("opened");
    CountedFileSystem.register(spark.sparkContext().hadoopConfiguration(), log);
    Path base = ReferenceModels.folder("base");

    List<Row> local = run("local", base.toString());
    List<Row> remote = run("remote", CountedFileSystem.locationOf(base));

    assertThat(local).hasSize(2);
    assertThat(remote).isEqualTo(local);
    assertThat(CountedFileSystem.opened(log))
        .as("fetched once for the driver and both tasks")
        .hasSize(12)
        .doesNotHaveDuplicates();
    assertThat(run("again", CountedFileSystem.locationOf(base))).isEqualTo(local);
    assertThat(CountedFileSystem.opened(log)).hasSize(12);
    assertThat(Files.readString(folder.resolve("remote/run.json"))).contains("\"name\" : \"base\"");
  }

  private List<Row> run(String name, String model) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "prompt: a fox\n");
    JobConfig settings =
        JobConfig.load(
            config,
            List.of(
                "pretrained_model_name_or_path=" + model,
                "model_cache_dir=" + folder.resolve("cache"),
                "num_images=2",
                "num_inference_steps=2",
                "resolution=64",
                "device=cpu",
                "output_dir=" + folder.resolve(name)));
    assertThat(new GenerateJob(spark, settings).execute().counts().generated()).isEqualTo(2);
    return spark
        .read()
        .parquet(folder.resolve(name + "/rows").toString())
        .select("id", "image_index", "sha256", "request_hash")
        .orderBy("image_index")
        .collectAsList();
  }
}
