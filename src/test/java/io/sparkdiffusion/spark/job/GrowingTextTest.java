package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.plan.RunCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrowingTextTest {

  @TempDir private Path folder;

  @Test
  void makesOnlyWhatIsNewInAFileThatHasGrown() throws IOException {
    Path text = Files.writeString(folder.resolve("p.txt"), "a fox\nan owl\n\na fox\n");
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);

    RunCounts first = runs.run("prompts=" + text).counts();
    Files.writeString(text, "a fox\na hare\n", StandardOpenOption.APPEND);
    RunCounts second = runs.run("prompts=" + text).counts();

    assertThat(first.generated()).isEqualTo(3);
    assertThat(second.generated()).isEqualTo(2);
    assertThat(second.skipped()).isEqualTo(3);
    assertThat(runs.texts("prompt")).containsExactly("a fox", "a fox", "a fox", "a hare", "an owl");
  }
}
