package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code jobs/check} with embeddings. */
class CheckEmbeddingsTest extends CheckCase {

  private static final String MODEL = ReferenceModels.folder("base").toString();
  private static final Path FOLDER = ReferenceModels.folder("embeddings");

  @Test
  void tellsEachTokenAndTheDigestOfAll() {
    String embeddings =
        "%s,%s:<ten>"
            .formatted(
                FOLDER.resolve("40/bad-hands.safetensors"), FOLDER.resolve("40/faces.safetensors"));
    Path lora = PipelineCase.ADAPTERS.resolve("locon.safetensors");
    assertThat(run(MODEL, "--embeddings=" + embeddings, "--loras=" + lora))
        .as(text(err))
        .isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .containsPattern(
            """

            Embedding: \\S+bad-hands.safetensors, token bad-hands, 2 vectors, digest [0-9a-f]{64}
            Embedding: \\S+faces.safetensors, token <ten>, 3 vectors, digest [0-9a-f]{64}
            Digest with embeddings: [0-9a-f]{64}
            LoRA: \\S+locon.safetensors, weight 1, changes \\d+ layers, digest [0-9a-f]{64}
            Digest with LoRAs: [0-9a-f]{64}
            """)
        .contains("'embeddings=%s'".formatted(embeddings));
  }

  @Test
  void tellsAllThatDoesNotFit() {
    Path narrow = FOLDER.resolve("24/toy.safetensors");
    Path lora = PipelineCase.ADAPTERS.resolve("kohya_sd15.safetensors");
    assertThat(run(MODEL, "--embeddings=%s,%s:the".formatted(narrow, narrow), "--loras=" + lora))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .hasSize(3)
        .anyMatch(line -> line.endsWith("(its vectors are 24 wide, the model's 40)"))
        .anyMatch(line -> line.endsWith("(the is there)"))
        .anyMatch(line -> line.startsWith("Cannot use LoRA "));
  }

  @Test
  void fetchesThemAsTheJobDoes() throws IOException {
    Path faces = FOLDER.resolve("40/faces.safetensors");
    CountedFileSystem.register(hadoop, folder.resolve("opened"));

    assertThat(run(MODEL, "--embeddings=" + CountedFileSystem.locationOf(faces)))
        .as(text(err))
        .isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("Embedding: counted:/", "faces.safetensors, token <Many-Faces>, 3 ");
    assertThat(run(MODEL, "--embeddings=org/name/a.safetensors")).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(text(err))
        .contains("embedding org/name/a.safetensors: http://127.0.0.1:9 must answer");
  }
}
