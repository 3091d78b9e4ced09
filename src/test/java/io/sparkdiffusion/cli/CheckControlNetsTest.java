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

/** {@code jobs/check} with ControlNets. */
class CheckControlNetsTest extends CheckCase {

  private static final Path FOLDER = PipelineCase.CONTROL_NETS;

  @Test
  void tellsEachAndTheDigestOfAll() {
    String controlNets = "%s,%s:0.5".formatted(FOLDER.resolve("v21"), FOLDER.resolve("v21_second"));

    assertThat(run(ReferenceModels.folder("v21").toString(), "--controlnets=" + controlNets))
        .as(text(err))
        .isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .containsPattern(
            """

            ControlNet: \\S+v21, weight 1, digest [0-9a-f]{64}
            ControlNet: \\S+v21_second, weight 0.5, digest [0-9a-f]{64}
            Digest with ControlNets: [0-9a-f]{64}
            """)
        .contains("controlnets=" + controlNets)
        .contains(" control_image=control.png control_image_2=control_2.png");
  }

  @Test
  void tellsAllThatDoesNotFit() {
    Path other = FOLDER.resolve("sd15").toAbsolutePath();
    Path missing = FOLDER.resolve("nowhere").toAbsolutePath();
    String model = ReferenceModels.folder("v21").toString();

    assertThat(run(model, "--controlnets=%s,%s".formatted(other, missing)))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .containsExactly(
            "Cannot open ControlNet %s: it must be a folder in diffusers' layout (missing)"
                .formatted(missing));
    assertThat(run(model, "--controlnets=" + other)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .hasSize(3)
        .contains(
            "Cannot use ControlNet %s: its cross_attention_dim must be as the model's (24, the model has 32)"
                .formatted(other));
  }

  /** The bytes decide the digest, wherever they come from. */
  @Test
  void fetchesThemAsTheJobDoes() throws IOException {
    String model = ReferenceModels.folder("v21").toString();
    CountedFileSystem.register(hadoop, folder.resolve("opened"));
    try (HubServer server = new HubServer(FOLDER.resolve("v21"))) {
      hubAddress = server.address().toString();
      String remote = CountedFileSystem.locationOf(FOLDER.resolve("v21_second")) + ":0.5";
      assertThat(run(model, "--controlnets=org/tiny@main," + remote))
          .as(text(err))
          .isEqualTo(ExitCode.DONE);
    }
    String fetched = text(out);
    String local = "%s,%s:0.5".formatted(FOLDER.resolve("v21"), FOLDER.resolve("v21_second"));
    assertThat(run(model, "--controlnets=" + local)).isEqualTo(ExitCode.DONE);
    assertThat(digest(fetched)).hasSize(1).isEqualTo(digest(text(out)));
    assertThat(fetched)
        .contains("ControlNet: org/tiny@%s, weight 1, ".formatted(HubServer.COMMIT))
        .contains("controlnets=org/tiny@main,counted:/");
  }

  private static List<String> digest(String said) {
    return said.lines().filter(line -> line.startsWith("Digest with ControlNets: ")).toList();
  }

  @Test
  void saysWhatIsNotThere() {
    String model = ReferenceModels.folder("v21").toString();
    assertThat(run(model, "--controlnets=org/tiny")).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(text(err))
        .contains("Cannot download ControlNet org/tiny: http://127.0.0.1:9 must answer");
    CountedFileSystem.register(hadoop, folder.resolve("opened"));
    assertThat(run(model, "--controlnets=counted:/none/edges")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .startsWith(
            "Cannot open ControlNet counted:/none/edges: it must be a folder in diffusers' layout (");
  }

  @Test
  void aFolderOfAControlNetIsNoModel() {
    assertThat(run(FOLDER.resolve("v21").toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .contains("Cannot open model ")
        .contains("not a ControlNet alone (config.json); name its base model")
        .contains(", and the folder in controlnets");
  }
}
