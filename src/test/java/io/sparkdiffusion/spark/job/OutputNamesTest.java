package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.plan.RunCounts;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spark takes a path that it reads for a pattern of paths; an output folder is one folder. */
class OutputNamesTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"rename", "manifest"})
  void takesAFolderWhoseNameLooksLikeAPattern(String commit) throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER, "out [1] {a,b} *?");
    runs.prompts("id,prompt,seed\na,fox,1\nb,owl,2\n");
    assertThat(runs.run("output_commit=" + commit).counts().generated()).isEqualTo(2);

    runs.prompts("id,prompt,seed\na,fox,1\nb,eagle,2\n");
    RunCounts counts = runs.run("output_commit=" + commit).counts();
    assertThat(counts.skipped()).isEqualTo(1);
    assertThat(counts.generated()).isEqualTo(1);
    assertThat(runs.names("images")).hasSize(3);

    counts = runs.run("output_commit=" + commit, "overwrite=everything").counts();
    assertThat(counts.generated()).isEqualTo(2);
    assertThat(runs.names("images")).hasSize(2);
  }
}
