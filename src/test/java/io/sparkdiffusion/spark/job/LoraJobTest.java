package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.PipelineCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run with LoRAs, with the real networks, small. */
class LoraJobTest {

  private static final Path PEFT = PipelineCase.ADAPTERS.resolve("peft.safetensors");
  private static final Path LOCON = PipelineCase.ADAPTERS.resolve("locon.safetensors");

  private SingleImageJobs jobs;

  @BeforeEach
  void prepare(@TempDir Path folder) {
    jobs = new SingleImageJobs(folder, "a fox");
  }

  @Test
  void theLorasOfARunDecideItsImagesAndAreNamed() throws IOException {
    Row plain = jobs.run("plain");
    Row half = jobs.run("half", "loras=%s:0.5,%s".formatted(PEFT, LOCON));
    Row whole = jobs.run("whole", "loras=%s, %s".formatted(PEFT, LOCON));
    Row again = jobs.run("again", "loras=file://%s:.50,%s".formatted(PEFT.toAbsolutePath(), LOCON));

    for (String column : List.of("request_hash", "sha256")) {
      assertThat(List.of(plain, half, whole))
          .extracting(row -> row.<String>getAs(column))
          .doesNotContainNull()
          .doesNotHaveDuplicates();
      assertThat(again.<String>getAs(column)).isEqualTo(half.getAs(column));
    }
    assertThat(jobs.parameters("half"))
        .startsWith("a fox <lora:peft:0.5> <lora:locon:1>\n")
        .containsPattern("Lora hashes: \"peft: [0-9a-f]{12}, locon: [0-9a-f]{12}\"");
    String setting = "%s:0.5,%s".formatted(PEFT, LOCON);
    assertThat(jobs.model("half"))
        .containsEntry("loras", setting)
        .containsEntry("base_digest", jobs.model("plain").get("digest"));
    assertThat(half.<String>getAs("provenance"))
        .contains((String) jobs.model("half").get("digest"));
    assertThat(jobs.gallery("half")).contains("loras=" + setting);
  }

  @Test
  void aLoraThatIsNotThereEndsTheRunBeforeItsFirstImage() {
    assertThatThrownBy(() -> jobs.run("missing", "loras=nowhere.safetensors:2"))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems().get(0))
                    .matches(
                        "Cannot read /.*/nowhere.safetensors: the file must exist \\(missing\\)"));
  }
}
