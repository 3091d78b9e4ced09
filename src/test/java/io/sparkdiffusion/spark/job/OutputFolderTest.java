package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {

  private static final Duration HEARTBEAT = Duration.ofMillis(100);

  @TempDir private Path folder;

  @Test
  void refusesASecondRunWhileTheFirstIsAlive() throws IOException {
    try (OutputFolder first = open("first")) {
      assertThatThrownBy(() -> open("second"))
          .isInstanceOf(ProblemsException.class)
          .hasMessageMatching(
              ("\\QCannot write to output_dir %s: it must be a folder that can be made and written"
                      + " (another run is writing to it, wait for its end: first \\E\\d+\\)")
                  .formatted(folder));
      assertThat(folder.resolve("_staging/first")).isDirectory();
      assertThat(first.staging()).endsWith("/_staging/first");
    }
    open("second").close();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void takesOverFromADeadRunAndRemovesWhatItLeft() throws IOException {
    Files.writeString(folder.resolve("_lock"), "dead 17\n");
    Path left = Files.createDirectories(folder.resolve("_staging/dead/group-0"));
    Files.writeString(left.resolve("part.parquet"), "half");
    try (OutputFolder next = open("next")) {
      assertThat(folder.resolve("_staging/dead")).doesNotExist();
      assertThat(folder.resolve("_lock")).content().startsWith("next ");
      assertThat(next.hasRows()).isFalse();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void commitsNothingOnceAnotherRunHasTakenOver() throws IOException {
    OutputFolder slow = open("slow");
    Files.createDirectories(Path.of(java.net.URI.create(slow.stagedGroup(0))));
    Files.writeString(folder.resolve("_lock"), "quick 0\n");
    String lost =
        "Cannot go on: the output folder must be this run's (quick 0 holds file:%s/_lock)"
            .formatted(folder);
    assertThatThrownBy(() -> slow.commit(0)).isInstanceOf(IOException.class).hasMessage(lost);
    assertThatThrownBy(slow::removeOtherGroups).isInstanceOf(IOException.class).hasMessage(lost);
    assertThatThrownBy(slow::close).hasMessage(lost);
    assertThat(folder.resolve("rows")).doesNotExist();
    assertThat(folder.resolve("_lock")).hasContent("quick 0");
  }

  private OutputFolder open(String runId) {
    return OutputFolder.open(
        folder.toString(), OutputCommit.AUTO, runId, new Configuration(), HEARTBEAT);
  }
}
