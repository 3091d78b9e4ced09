package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.HubServer;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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

  /** The bytes decide the digest, wherever they come from. */
  @Test
  void fetchesThemAsTheJobDoes() throws IOException {
    CountedFileSystem.register(hadoop, folder.resolve("opened"));
    try (HubServer server = new HubServer(PipelineCase.ADAPTERS)) {
      hubAddress = server.address().toString();
      String remote = CountedFileSystem.locationOf(PEFT) + ":0.5";
      assertThat(run(MODEL, "--loras=org/tiny/peft.safetensors:0.5," + remote))
          .as(text(err))
          .isEqualTo(ExitCode.DONE);
    }
    String fetched = text(out);
    assertThat(run(MODEL, "--loras=%s:0.5,%1$s:0.5".formatted(PEFT))).isEqualTo(ExitCode.DONE);
    assertThat(digest(fetched)).isEqualTo(digest(text(out)));
    assertThat(fetched).contains("loras=org/tiny/peft.safetensors:0.5,counted:/");
  }

  private static List<String> digest(String said) {
    return said.lines().filter(line -> line.startsWith("Digest with LoRAs: ")).toList();
  }

  @Test
  void saysWhatIsNotThere() {
    assertThat(run(MODEL, "--loras=org/tiny/peft.safetensors")).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(text(err))
        .contains("LoRA org/tiny/peft.safetensors: http://127.0.0.1:9 must answer");
    CountedFileSystem.register(hadoop, folder.resolve("opened"));
    assertThat(run(MODEL, "--loras=counted:/none/a.safetensors")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .startsWith("Cannot open LoRA counted:/none/a.safetensors: the file must be there (");
  }
}
