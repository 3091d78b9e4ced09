package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code jobs/check} with LoRAs. */
class CheckLorasTest extends CheckCase {

  private static final String MODEL = ReferenceModels.folder("base").toString();
  private static final Path PEFT = PipelineCase.ADAPTERS.resolve("peft.safetensors");

  @Test
  void tellsWhatEachChangesAndTheDigestOfAll() {
    String loras = "%s:0.5,%s".formatted(PEFT, PipelineCase.ADAPTERS.resolve("locon.safetensors"));
    assertThat(run(MODEL, "--loras=" + loras)).as(text(err)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .containsPattern(
            """

            LoRA: \\S+peft.safetensors, weight 0.5, changes 210 layers, digest [0-9a-f]{64}
            LoRA: \\S+locon.safetensors, weight 1, changes \\d+ layers, digest [0-9a-f]{64}
            Digest with LoRAs: [0-9a-f]{64}
            """)
        .contains("loras=" + loras);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Path other = PipelineCase.ADAPTERS.resolve("kohya_sd15.safetensors");
    assertThat(run(MODEL, "--loras=" + other)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .startsWith(
            "Cannot use LoRA %s: it must be for this model".formatted(other.toAbsolutePath()));
  }

  @Test
  void fetchesNothing() {
    assertThat(run(MODEL, "--loras=org/name/a.safetensors,hdfs://host/a.safetensors"))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .contains(
            "Cannot check LoRA org/name/a.safetensors: it must be on a local disk (it is not there); jobs/generate --dry-run checks it where it is",
            "Cannot check LoRA hdfs://host/a.safetensors: it must be on a local disk (it is not there); jobs/generate --dry-run checks it where it is");
  }
}
