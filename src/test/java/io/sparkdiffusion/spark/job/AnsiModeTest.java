package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * In ANSI mode, which Spark 4 has by default, a cast or a sum ends a query where it gave null
 * before. A run makes the same of a table in both modes, whatever stands in its cells.
 */
class AnsiModeTest {

  private static final String ANSI = "spark.sql.ansi.enabled";

  @TempDir private Path folder;

  private interface Input {
    /** The overrides that name the table. */
    List<String> write(JobRuns runs);
  }

  @Test
  void readsTextThatIsNoNumber() throws IOException {
    assertReadsTextThatIsNoNumber(JobRuns.FOLDER);
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {JobRuns.ICEBERG, JobRuns.DELTA})
  void readsItInTables(String store) throws IOException {
    assertReadsTextThatIsNoNumber(store);
  }

  private void assertReadsTextThatIsNoNumber(String store) throws IOException {
    assertSameInBothModes(
        store,
        runs -> {
          runs.prompts(
              """
              id,prompt,seed,num_inference_steps,guidance_scale,height
              1,a fox,7,2,7.5,8
              2,an owl,x,2,,
              3,a cat,99999999999999999999,,,
              4,,,,1e400,
              5,a dog,,2147483648,,16
              """);
          return List.of();
        });
  }

  @Test
  void readsNumbersOfEveryType() throws IOException {
    assertSameInBothModes(
        JobRuns.FOLDER,
        runs -> {
          String table = runs.folder.resolve("prompts.parquet").toString();
          runs.spark
              .sql(
                  "SELECT 18446744073709551615BD AS id, 'a fox' AS prompt, 7L AS seed,"
                      + " 2D AS num_inference_steps, 7.25BD AS guidance_scale, 8Y AS height"
                      + " UNION ALL SELECT 2BD, 'an owl', 9223372036854775807L, 1e300D, -0.01BD, 9Y"
                      + " UNION ALL SELECT 3BD, NULL, -1L, double('NaN'), NULL, 127Y")
              .write()
              .parquet(table);
          return List.of("prompts=" + table);
        });
  }

  private void assertSameInBothModes(String store, Input input) throws IOException {
    List<String> ansi = rows(store, true, input);
    assertThat(ansi).isEqualTo(rows(store, false, input)).anyMatch(row -> row.contains("failed"));
  }

  /** What a run has made; a second one finds all of it. */
  private List<String> rows(String store, boolean isAnsi, Input input) throws IOException {
    JobRuns runs = new JobRuns(Files.createDirectory(folder.resolve("ansi-" + isAnsi)), store);
    SparkSession spark = runs.spark;
    String usual = spark.conf().get(ANSI);
    String[] overrides = input.write(runs).toArray(String[]::new);
    spark.conf().set(ANSI, isAnsi);
    try {
      GenerateJob.Result first = runs.run(overrides);
      assertThat(first.counts().generated()).isPositive();
      assertThat(runs.run(overrides).counts().generated()).isZero();
    } finally {
      spark.conf().set(ANSI, usual);
    }
    return runs.texts("id", "image_index", "seed", "status", "request_hash", "error", "sha256");
  }
}
