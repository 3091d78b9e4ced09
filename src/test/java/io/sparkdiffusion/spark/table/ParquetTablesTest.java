package io.sparkdiffusion.spark.table;

import static io.sparkdiffusion.spark.table.ReadTables.assertRefused;
import static io.sparkdiffusion.spark.table.ReadTables.cells;
import static io.sparkdiffusion.spark.table.ReadTables.ids;
import static io.sparkdiffusion.spark.table.ReadTables.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The files of {@code src/test/resources/tables} are pyarrow's, by {@code tools/tables/make.py}.
 */
class ParquetTablesTest {

  private static final Path FILES = Path.of("src/test/resources/tables");

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void namesColumnsAndCodecsThatSparkCannotRead() {
    assertRefused(
        FILES.resolve("nanoseconds.parquet"),
        """
        Cannot read column created of prompts FILE: times must be in microseconds, with pandas\
         to_parquet(..., coerce_timestamps='us', allow_truncated_timestamps=True)\
         (TIMESTAMP(NANOS,false))
        Cannot read column at of prompts FILE: Spark has no times without a date, write it as text\
         or leave it out (TIME(MICROS,false))""");
    assertRefused(
        FILES.resolve("brotli.parquet"),
        "Cannot read prompts FILE: its pages must be compressed by snappy, gzip or zstd, write it"
            + " anew (BROTLI)");
  }

  @Test
  void takesColumnsWithoutAValueForNull() {
    assertThat(cells(read(FILES.resolve("nothing.parquet").toString())))
        .allSatisfy(
            row ->
                assertThat(row).containsEntry("negative_prompt", null).containsEntry("seed", null))
        .hasSize(2);
  }

  @Test
  void readsUnsignedIntegersWhole() {
    assertThat(cells(read(FILES.resolve("unsigned.parquet").toString())))
        .extracting(row -> row.get("seed").toString())
        .containsExactly("7", "9223372036854775807");
  }

  /** Bytes that are no text are different in a table and the same character afterwards. */
  @Test
  void refusesTextsThatAreNone() {
    assertRefused(
        FILES.resolve("invalid.parquet"),
        "Cannot use prompts FILE: texts must be UTF-8, write the table anew (2 rows are not)");
  }

  /** Each pair is one that Spark would take for numbers or dates. */
  @ParameterizedTest
  @CsvSource({"001, 002", "1.0, 2.50", "1e3, 1e4", "2024-01-01, 2024-01-02"})
  void keepsTheTextOfFoldersThatAreIds(String first, String second) {
    Path table = folder.resolve("hive");
    for (String id : new String[] {first, second}) {
      spark.sql("select 'fox' prompt").write().parquet(table.resolve("id=" + id).toString());
    }
    String guesses = "spark.sql.sources.partitionColumnTypeInference.enabled";
    String before = spark.conf().get(guesses);
    assertThat(ids(table)).containsExactly(first, second);
    assertThat(spark.conf().get(guesses)).isEqualTo(before);
  }

  @Test
  void keepsTheTypesOfFoldersThatPassThrough() {
    Path table = folder.resolve("hive");
    spark.sql("select 'a' id, 'fox' prompt").write().parquet(table.resolve("year=2024").toString());
    assertThat(read(table.toString()).columns().passedThrough())
        .singleElement()
        .satisfies(year -> assertThat(year.dataType().simpleString()).isEqualTo("int"));
  }

  @Test
  void refusesFoldersWithoutFilesAndThoseOfLakeTables() throws IOException {
    Path table = folder.resolve("table");
    Files.createDirectories(table);
    assertRefused(
        table, "Cannot read prompts FILE: the folder must hold files of the table (none)");
    Files.createDirectories(table.resolve("_delta_log"));
    assertRefused(
        table,
        "Cannot read prompts FILE: a table of Delta must be read by its name in a catalog,"
            + " prompts=CATALOG.DB.TABLE (its folder)");
  }
}
