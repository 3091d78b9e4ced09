package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The newest row is that of the last run, whatever the clocks of the runs said. */
class WrongClockTest {

  private static final Instant AHEAD = Instant.parse("2030-01-01T00:00:00Z");
  private static final Instant RIGHT = Instant.parse("2026-06-01T00:00:00Z");
  private static final Instant BEHIND = Instant.parse("1970-01-01T00:00:00Z");

  @TempDir private Path folder;
  private JobRuns runs;

  static Stream<Arguments> stores() {
    return Stream.of(
        Arguments.of(JobRuns.FOLDER, "rename"), Arguments.of(JobRuns.ICEBERG, "rename"));
  }

  static Stream<Arguments> moreStores() {
    return Stream.of(
        Arguments.of(JobRuns.FOLDER, "manifest"), Arguments.of(JobRuns.DELTA, "rename"));
  }

  @ParameterizedTest
  @MethodSource("stores")
  void theLastRunsRowIsTheNewestAndIsMadeOnce(String store, String commit) throws IOException {
    assertTheLastRunsRowIsTheNewest(store, commit);
  }

  @Tag("soak")
  @ParameterizedTest
  @MethodSource("moreStores")
  void theLastRunsRowIsTheNewestInOtherStores(String store, String commit) throws IOException {
    assertTheLastRunsRowIsTheNewest(store, commit);
  }

  private void assertTheLastRunsRowIsTheNewest(String store, String commit) throws IOException {
    runs = new JobRuns(folder, store);
    assertThat(made("fox", AHEAD, commit)).isEqualTo(1);
    assertThat(made("owl", RIGHT, commit)).isEqualTo(1);
    assertThat(newest()).isEqualTo("owl");
    assertThat(page()).contains("\"owl\"").doesNotContain("\"fox\"");
    assertThat(made("owl", RIGHT, commit)).isZero();
    assertThat(made("owl", BEHIND, commit)).isZero();
    assertThat(made("fox", BEHIND, commit)).as("changed back").isEqualTo(1);
    assertThat(newest()).isEqualTo("fox");
    assertThat(page()).contains("\"fox\"").doesNotContain("\"owl\"");
    assertThat(made("fox", RIGHT, commit)).isZero();
    assertThat(runs.texts("prompt", "status"))
        .containsExactly("fox generated", "fox generated", "owl generated");
  }

  @ParameterizedTest
  @MethodSource("stores")
  void whatIsMadeAgainReplacesWhatAWrongClockMade(String store, String commit) throws IOException {
    assertWhatIsMadeAgainReplacesIt(store, commit);
  }

  @Tag("soak")
  @ParameterizedTest
  @MethodSource("moreStores")
  void whatIsMadeAgainReplacesItInOtherStores(String store, String commit) throws IOException {
    assertWhatIsMadeAgainReplacesIt(store, commit);
  }

  private void assertWhatIsMadeAgainReplacesIt(String store, String commit) throws IOException {
    runs = new JobRuns(folder, store);
    made("fox", AHEAD, commit);
    assertThat(made("fox", RIGHT, commit, "overwrite=images")).isEqualTo(1);
    assertThat(made("fox", RIGHT, commit)).isZero();
    assertThat(made("owl", BEHIND, commit, "overwrite=everything")).isEqualTo(1);
    assertThat(runs.texts("prompt")).containsExactly("owl");
    assertThat(runs.names("images")).hasSize(1);
  }

  /** As a job without this order has left it. */
  @Test
  void aRowThatWasOutdoneByAWrongClockIsMadeAgainOnce() throws IOException {
    assertAnOutdoneRowIsMadeAgainOnce(JobRuns.ICEBERG);
  }

  @Tag("soak")
  @Test
  void aRowThatWasOutdoneIsMadeAgainOnceInDeltaTables() throws IOException {
    assertAnOutdoneRowIsMadeAgainOnce(JobRuns.DELTA);
  }

  private void assertAnOutdoneRowIsMadeAgainOnce(String store) throws IOException {
    runs = new JobRuns(folder, store);
    made("fox", RIGHT, "rename");
    made("owl", RIGHT, "rename");
    setRunOf("fox", "20300101T000000000Z-0123abcd");
    assertThat(newest()).isEqualTo("fox");
    assertThat(made("owl", RIGHT, "rename")).isEqualTo(1);
    assertThat(newest()).isEqualTo("owl");
    assertThat(made("owl", RIGHT, "rename")).isZero();
  }

  @Test
  void refusesRowsThatWouldCountAsTheNewestForEver() throws IOException {
    runs = new JobRuns(folder, JobRuns.ICEBERG);
    made("fox", RIGHT, "rename");
    setRunOf("fox", "import");
    assertThatThrownBy(() -> made("owl", RIGHT, "rename"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot go on in file:%s: run_id must be that of a run in all rows, since the largest"
                    + " counts as the newest; give rows from elsewhere a smaller one, such as 0"
                    + " (import)")
                .formatted(runs.output));
    setRunOf("fox", "0");
    assertThat(made("owl", RIGHT, "rename")).isEqualTo(1);
  }

  private void setRunOf(String prompt, String runId) {
    runs.spark.sql(
        "UPDATE %s SET run_id = '%s' WHERE prompt = '%s'".formatted(runs.table, runId, prompt));
  }

  private long made(String prompt, Instant time, String commit, String... more) throws IOException {
    runs.prompts("id,prompt\na,%s\n".formatted(prompt));
    String[] settings =
        Stream.concat(Stream.of("output_commit=" + commit), Stream.of(more)).toArray(String[]::new);
    return runs.job(settings).clock(InstantSource.fixed(time)).execute().counts().generated();
  }

  private String newest() {
    Dataset<Row> rows = runs.rows();
    return rows.agg(functions.max_by(rows.col("prompt"), rows.col("run_id"))).head().getString(0);
  }

  private String page() throws IOException {
    return Files.readString(runs.output.resolve("index.html"));
  }
}
