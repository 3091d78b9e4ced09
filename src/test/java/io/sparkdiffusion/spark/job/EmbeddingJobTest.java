package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.testing.LocalSpark;
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

/** A run with embeddings, with the real networks, small. */
class EmbeddingJobTest {

  private static final Path FOLDER = ReferenceModels.folder("embeddings/40");
  private static final Path TOY = FOLDER.resolve("toy.safetensors");
  private static final Path HANDS = FOLDER.resolve("bad-hands.safetensors");

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void theEmbeddingsOfARunDecideItsImagesAndAreNamed() throws IOException {
    Row plain = run("plain");
    Row made = run("made", "embeddings=%s,%s:<two>".formatted(TOY, HANDS));
    Row again =
        run("again", "embeddings=file://%s, %s:<two>".formatted(TOY.toAbsolutePath(), HANDS));

    for (String column : List.of("request_hash", "sha256")) {
      assertThat(made.<String>getAs(column)).isNotNull().isNotEqualTo(plain.getAs(column));
      assertThat(made.<String>getAs(column)).isEqualTo(again.getAs(column));
    }
    Map<String, String> texts =
        PngTexts.read(Files.readAllBytes(folder.resolve("made/image_0.png")));
    assertThat(texts.get(PngText.PARAMETERS))
        .startsWith("a <toy> and <two>\n")
        .containsPattern("TI hashes: \"<toy>: [0-9a-f]{12}, <two>: [0-9a-f]{12}\"");
    String setting = "%s:<toy>,%s:<two>".formatted(TOY, HANDS);
    assertThat(model("made")).containsEntry("embeddings", setting);
    assertThat(model("plain")).doesNotContainKey("embeddings");
    assertThat(made.<String>getAs("provenance")).contains((String) model("made").get("digest"));
    assertThat(Files.readString(folder.resolve("made/index.html")))
        .contains("embeddings=%s".formatted(setting).replace("<", "\\u003c"));
  }

  private Map<String, Object> model(String name) {
    return StrictJson.object(StrictJson.read(folder.resolve(name + "/run.json")), "model");
  }

  private Row run(String name, String... more) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    List<String> settings =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
                "prompt=a <toy> and <two>",
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
