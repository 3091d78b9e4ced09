package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.spark.output.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OverwriteTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {JobRuns.FOLDER, JobRuns.ICEBERG})
  void makesAllImagesAgainAndKeepsEarlierRows(String store) throws IOException {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts("id,prompt,seed\na,fox,1\nb,owl,2\nbad,cat,many\n");
    runs.run();
    List<String> files = runs.names("images");
    GenerateJob.Result again = runs.run("overwrite=images");
    assertThat(again.counts().generated()).isEqualTo(2);
    assertThat(again.counts().skipped()).isZero();
    assertThat(runs.rows().groupBy("id", "sha256").count().filter("count = 2").count())
        .isEqualTo(3);
    assertThat(runs.rows().filter("replaces is not null").count()).isZero();
    assertThat(runs.names("images")).isEqualTo(files).hasSize(2);
    assertThat(runs.run().counts().skipped()).as("the newest run counts").isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {JobRuns.FOLDER, JobRuns.ICEBERG})
  void removesWhatEarlierRunsLeft(String store) throws IOException {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts("id,prompt,seed\na,fox,1\nb,owl,2\nc,hare,3\n");
    runs.run();
    Files.writeString(runs.output.resolve("images/notes.txt"), "mine");
    Files.writeString(runs.output.resolve("image_7.png"), "from an earlier prompt=");
    String owl = runs.rows().filter("id = 'b'").head().getAs("request_hash");
    runs.prompts("id,prompt,seed\na,fox,1\nb,eagle,2\n");
    GenerateJob.Result again = runs.run("overwrite=everything");
    assertThat(again.counts().generated()).isEqualTo(2);
    assertThat(runs.texts("id", "prompt", "replaces", "run_id"))
        .containsExactly("a fox - " + again.runId(), "b eagle %s %s".formatted(owl, again.runId()));
    assertThat(runs.names("images"))
        .hasSize(3)
        .contains("notes.txt")
        .containsAll(
            runs.texts("image.path").stream().map(path -> path.replace("images/", "")).toList());
    assertThat(runs.names("")).doesNotContain("image_7.png");
  }

  @ParameterizedTest
  @ValueSource(strings = {JobRuns.FOLDER, JobRuns.ICEBERG})
  void leavesTheOldOutputWholeWhereARunDoesNotEndWell(String store) throws IOException {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts("id,prompt,seed\na,fox,1\nb,owl,2\n");
    runs.run();
    List<String> rows = runs.texts("id", "prompt", "sha256", "run_id");
    List<String> files = runs.names("images");
    runs.prompts("id,prompt,seed\nc,BOOM,1\n");
    assertThatThrownBy(() -> runs.run("overwrite=everything"))
        .satisfies(
            e -> assertThat(Failures.reason(e)).isEqualTo("Cannot go on: the device is gone"));
    assertThat(runs.texts("id", "prompt", "sha256", "run_id")).isEqualTo(rows);

    runs.prompts("id,prompt,seed\nc,NAN,1\nd,fox,1\n");
    assertThat(runs.run("overwrite=everything", "max_failed_rows=0").stopReason()).isPresent();
    assertThat(runs.texts("id", "prompt", "sha256", "run_id")).containsAll(rows).hasSize(4);
    assertThat(runs.names("images")).containsAll(files).hasSize(3);
  }

  @Tag("soak")
  @Test
  void makesAllImagesAgainInDeltaTables() throws IOException {
    makesAllImagesAgainAndKeepsEarlierRows(JobRuns.DELTA);
  }

  @Tag("soak")
  @Test
  void removesWhatEarlierRunsLeftInDeltaTables() throws IOException {
    removesWhatEarlierRunsLeft(JobRuns.DELTA);
  }

  @Tag("soak")
  @Test
  void leavesDeltaTablesWholeWhereARunDoesNotEndWell() throws IOException {
    leavesTheOldOutputWholeWhereARunDoesNotEndWell(JobRuns.DELTA);
  }
}
