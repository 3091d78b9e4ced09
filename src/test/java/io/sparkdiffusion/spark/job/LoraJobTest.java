package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run with LoRAs, with the real networks, small. */
class LoraJobTest {

  private static final Path PEFT = PipelineCase.ADAPTERS.resolve("peft.safetensors");
  private static final Path LOCON = PipelineCase.ADAPTERS.resolve("locon.safetensors");

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void theLorasOfARunDecideItsImagesAndAreNamed() throws IOException {
    Row plain = run("plain");
    Row half = run("half", "loras=%s:0.5,%s".formatted(PEFT, LOCON));
    Row whole = run("whole", "loras=%s, %s".formatted(PEFT, LOCON));
    Row again = run("again", "loras=file://%s:.50,%s".formatted(PEFT.toAbsolutePath(), LOCON));

    assertThat(List.of(plain, half, whole))
        .extracting(row -> row.<String>getAs("request_hash"))
        .doesNotHaveDuplicates();
    assertThat(List.of(plain, half, whole))
        .extracting(row -> row.<String>getAs("sha256"))
        .doesNotContainNull()
        .doesNotHaveDuplicates();
    assertThat(again.<String>getAs("request_hash")).isEqualTo(half.getAs("request_hash"));
    assertThat(again.<String>getAs("sha256")).isEqualTo(half.getAs("sha256"));

    Map<String, String> texts =
        PngTexts.read(Files.readAllBytes(folder.resolve("half/image_0.png")));
    assertThat(texts.get(PngText.PARAMETERS))
        .startsWith("a fox <lora:peft:0.5> <lora:locon:1>\n")
        .containsPattern("Lora hashes: \"peft: [0-9a-f]{12}, locon: [0-9a-f]{12}\"");
    Map<String, Object> model =
        StrictJson.object(StrictJson.read(folder.resolve("half/run.json")), "model");
    assertThat(model)
        .containsEntry("loras", "%s:0.5,%s".formatted(PEFT, LOCON))
        .containsEntry("base_digest", digest("plain"));
    assertThat(half.<String>getAs("provenance")).contains(digest("half"));
    assertThat(Files.readString(folder.resolve("half/index.html")))
        .contains("loras=%s:0.5,%s".formatted(PEFT, LOCON));
  }

  @Test
  void aLoraThatIsNotThereEndsTheRunBeforeItsFirstImage() {
    assertThatThrownBy(() -> run("missing", "loras=nowhere.safetensors:2"))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems().get(0))
                    .matches(
                        "Cannot read /.*/nowhere.safetensors: the file must exist \\(missing\\)"));
  }

  private String digest(String name) {
    return (String)
        StrictJson.object(StrictJson.read(folder.resolve(name + "/run.json")), "model")
            .get("digest");
  }

  private Row run(String name, String... more) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    List<String> settings =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
                "prompt=a fox",
                "seed=1",
                "num_inference_steps=2",
                "resolution=64",
                "device=cpu",
                "output_dir=" + folder.resolve(name)));
    settings.addAll(List.of(more));
    new GenerateJob(spark, JobConfig.load(config, settings)).execute();
    return spark.read().parquet(folder.resolve(name + "/rows").toString()).collectAsList().get(0);
  }
}
