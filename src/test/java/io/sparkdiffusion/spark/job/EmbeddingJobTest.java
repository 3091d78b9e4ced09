package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run with embeddings, with the real networks, small. */
class EmbeddingJobTest {

  private static final Path FOLDER = ReferenceModels.folder("embeddings/40");
  private static final Path TOY = FOLDER.resolve("toy.safetensors");
  private static final Path HANDS = FOLDER.resolve("bad-hands.safetensors");

  @Test
  void theEmbeddingsOfARunDecideItsImagesAndAreNamed(@TempDir Path folder) throws IOException {
    SingleImageJobs jobs = new SingleImageJobs(folder, "a <toy> and <two>");
    Row plain = jobs.run("plain");
    Row made = jobs.run("made", "embeddings=%s,%s:<two>".formatted(TOY, HANDS));
    Row again =
        jobs.run("again", "embeddings=file://%s, %s:<two>".formatted(TOY.toAbsolutePath(), HANDS));

    for (String column : List.of("request_hash", "sha256")) {
      assertThat(made.<String>getAs(column)).isNotNull().isNotEqualTo(plain.getAs(column));
      assertThat(made.<String>getAs(column)).isEqualTo(again.getAs(column));
    }
    assertThat(jobs.parameters("made"))
        .startsWith("a <toy> and <two>\n")
        .containsPattern("TI hashes: \"<toy>: [0-9a-f]{12}, <two>: [0-9a-f]{12}\"");
    String setting = "%s:<toy>,%s:<two>".formatted(TOY, HANDS);
    assertThat(jobs.model("made")).containsEntry("embeddings", setting);
    assertThat(jobs.model("plain")).doesNotContainKey("embeddings");
    assertThat(made.<String>getAs("provenance"))
        .contains((String) jobs.model("made").get("digest"));
    assertThat(jobs.gallery("made"))
        .contains("embeddings=%s".formatted(setting).replace("<", "\\u003c"));
  }
}
