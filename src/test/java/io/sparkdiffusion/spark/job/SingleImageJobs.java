package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Jobs of one image each, by a small model, and what their files say of it.
 *
 * @param folder for what they make
 * @param prompt of each
 */
record SingleImageJobs(Path folder, String prompt) {

  /** Runs a job; its row. */
  Row run(String name, String... more) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    Stream<String> settings =
        Stream.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
            "prompt=" + prompt,
            "seed=1",
            "num_inference_steps=2",
            "resolution=64",
            "device=cpu",
            "output_dir=" + folder.resolve(name));
    List<String> all = Stream.concat(settings, Stream.of(more)).toList();
    SparkSession spark = LocalSpark.session();
    new GenerateJob(spark, JobConfig.load(config, all)).execute();
    return spark.read().parquet(folder.resolve(name + "/rows").toString()).collectAsList().get(0);
  }

  /** What {@code run.json} says of the model. */
  Map<String, Object> model(String name) {
    return StrictJson.object(StrictJson.read(folder.resolve(name + "/run.json")), "model");
  }

  /** The generation parameters in the PNG file. */
  String parameters(String name) throws IOException {
    byte[] png = Files.readAllBytes(folder.resolve(name + "/image_0.png"));
    return PngTexts.read(png).get(PngText.PARAMETERS);
  }

  String gallery(String name) throws IOException {
    return Files.readString(folder.resolve(name + "/index.html"));
  }
}
