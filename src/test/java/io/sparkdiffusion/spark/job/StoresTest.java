package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.plan.RunCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds wherever rows are kept: groups that appear by renames, by manifests, in tables. */
@ParameterizedClass
@ValueSource(strings = {JobRuns.FOLDER, JobRuns.MANIFEST, JobRuns.ICEBERG, JobRuns.DELTA})
class StoresTest {

  private static final String PROMPTS =
      """
      id,prompt,seed,height,num_images,style
      a,fox,7,16,2,oil
      b,owl,,,,
      c,LONG hare,,,,ink
      bad,cat,many,9,,
      """;

  private static final int ROWS = 40;
  private static final String FOUR = "commit_group_images=4";
  private static final String NO_PAGE = "gallery=false";

  @Parameter private String store;
  @TempDir private Path folder;
  private JobRuns runs;

  @BeforeEach
  void chooseStore() {
    runs = new JobRuns(folder, store);
  }

  @Test
  void takesGroupByGroupAndNothingTwice() throws IOException {
    runs.prompts(manyRows(""));
    GenerateJob.Result result = runs.run(FOUR, NO_PAGE);
    assertThat(result.counts().generated()).isEqualTo(ROWS);
    assertThat(runs.texts("group"))
        .hasSize(ROWS)
        .containsOnly(
            IntStream.range(0, 4).mapToObj(i -> result.runId() + "-" + i).toArray(String[]::new));
    assertThat(runs.rows().select("id").distinct().count()).isEqualTo(ROWS);
    assertThat(runs.rows().groupBy("group").count().filter("count < 4").count()).isZero();

    // As where the driver has died between a group's commit and its next step.
    Files.createDirectories(runs.output.resolve("_staging/dead/group-0"));
    List<String> first = runs.texts("id", "sha256", "run_id");
    RunCounts again = runs.run(FOUR, NO_PAGE).counts();
    assertThat(again.generated()).isZero();
    assertThat(again.skipped()).isEqualTo(ROWS);
    assertThat(runs.texts("id", "sha256", "run_id")).isEqualTo(first);
    assertThat(runs.output.resolve("_staging")).doesNotExist();
  }

  @Test
  void takesChangedAndNewRows() {
    runs.prompts(PROMPTS);
    runs.run(NO_PAGE);
    String first = runs.rows().filter("id = 'b'").head().getAs("request_hash");
    runs.prompts(PROMPTS.replace("b,owl", "b,eagle") + "d,new,,,,\n");
    RunCounts counts = runs.run(NO_PAGE).counts();
    assertThat(counts.generated()).isEqualTo(2);
    assertThat(counts.skipped()).isEqualTo(3);
    assertThat(counts.failed()).isEqualTo(1);
    assertThat(runs.texts("id", "prompt", "replaces"))
        .contains("b owl -", "b eagle " + first, "d new -")
        .hasSize(7);
  }

  /** The last row is the cheapest and so the last to be made. */
  @Test
  void keepsFinishedGroupsWhereTheDeviceFailsLater() throws IOException {
    runs.prompts(manyRows("last,BOOM,1\n"));
    assertThatThrownBy(() -> runs.run(FOUR, NO_PAGE))
        .satisfies(
            e -> assertThat(Failures.reason(e)).isEqualTo("Cannot go on: the device is gone"));
    long kept = runs.rows().count();
    assertThat(kept).isBetween(runs.table.isEmpty() ? 20L : 8L, (long) ROWS);
    assertThat(runs.output.resolve("_staging")).doesNotExist();
    assertThat(Files.readString(runs.output.resolve("run.json")))
        .contains("\"status\" : \"failed\"");

    runs.prompts(manyRows("last,fox,1\n"));
    RunCounts counts = runs.run(FOUR, NO_PAGE).counts();
    assertThat(counts.skipped()).isEqualTo(kept);
    assertThat(counts.generated()).isEqualTo(ROWS + 1 - kept);
    assertThat(runs.rows().agg(functions.countDistinct("id")).head().getLong(0))
        .isEqualTo(runs.rows().count())
        .isEqualTo(ROWS + 1);
  }

  private static String manyRows(String another) {
    return "id,prompt,num_inference_steps\n"
        + IntStream.range(0, ROWS)
            .mapToObj(i -> "row" + i + ",fox " + i + ",3\n")
            .collect(joining())
        + another;
  }
}
