package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.apache.spark.sql.Encoders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupedGenerationTest {

  @TempDir private Path folder;

  /** The dearest row is in the first group and takes as long as more images than a group has. */
  @Test
  void beginsTheNextGroupBeforeTheLastStragglerEnds() {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    String others =
        IntStream.range(0, 48).mapToObj("row%1$d,fox %1$d,3\n"::formatted).collect(joining());
    runs.prompts("id,prompt,num_inference_steps\n" + others + "first,STRAGGLER 20,9\n");
    assertThat(runs.run("commit_group_images=12").counts().generated()).isEqualTo(49);
    assertThat(
            runs.rows()
                .groupBy("group")
                .count()
                .select("count")
                .as(Encoders.LONG())
                .collectAsList())
        .hasSizeGreaterThan(2)
        .allMatch(images -> images < 20);
  }
}
