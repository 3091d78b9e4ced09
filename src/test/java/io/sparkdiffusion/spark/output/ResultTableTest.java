package io.sparkdiffusion.spark.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.spark.job.JobRuns;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.table.BothSparks;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultTableTest {

  private static final String PROMPTS =
      """
      id,prompt,seed,height,num_images,Style
      a,fox,7,16,2,oil
      b,owl,,,,
      c,LONG hare,,,,ink
      bad,cat,many,9,,
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {JobRuns.ICEBERG, JobRuns.DELTA})
  void holdsTheSameRowsAsTheFolder(String store) throws IOException {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts(PROMPTS);
    RunCounts counts = runs.run().counts();
    assertThat(counts.generated()).isEqualTo(4);
    assertThat(counts.failed()).isEqualTo(1);
    assertThat(counts.truncated()).isEqualTo(1);
    assertThat(runs.names("")).containsExactlyInAnyOrder("images", "index.html", "run.json");
    assertThat(runs.names("images")).hasSize(4);

    JobRuns inFolder = new JobRuns(Files.createDirectory(folder.resolve("files")), JobRuns.FOLDER);
    inFolder.prompts(PROMPTS);
    inFolder.run();
    String[] compared = {
      "id", "image_index", "Style", "sha256", "sha2(image.bytes, 256)", "image.path", "error"
    };
    assertThat(runs.texts(compared)).hasSize(5).isEqualTo(inFolder.texts(compared));
  }

  /** Pixels would travel with every row of the gallery. */
  @Test
  void readsOfAStructTheFieldsThatAreAskedFor() {
    JobRuns runs = new JobRuns(folder, JobRuns.ICEBERG);
    runs.prompts("id,prompt\na,fox\n");
    runs.run();
    StructType wanted = StructType.fromDDL("id STRING, image STRUCT<path: STRING>");
    Dataset<Row> rows = ResultTable.rows(runs.spark, runs.table, wanted);
    assertThat(rows.schema().simpleString())
        .isEqualTo("struct<id:string,image:struct<path:string>>");
    assertThat(rows.queryExecution().optimizedPlan().toString()).doesNotContain("bytes");
    assertThat(rows.head().getStruct(1).getString(0)).startsWith("images/a_0_");
  }

  /** The session's catalog still has in mind what it has read of the table. */
  @Test
  void readsWhatAnotherSessionHasAppended() {
    JobRuns runs = new JobRuns(folder, JobRuns.ICEBERG);
    runs.prompts("id,prompt\na,fox\n");
    runs.run();
    runs.prompts("id,prompt\na,fox\nb,owl\n");
    SparkSession other = BothSparks.copyOf(runs.spark);
    GenerateJob.Result appended =
        new GenerateJob(other, runs.settings()).models(any -> FakeModel.named("other")).execute();
    assertThat(appended.counts().generated()).isEqualTo(1);
    assertThat(runs.run().counts().skipped()).isEqualTo(2);
    assertThat(runs.texts("id")).containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {JobRuns.ICEBERG, JobRuns.DELTA})
  void belongsToOneOutputFolder(String store) {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts(PROMPTS);
    runs.run();
    assertThatThrownBy(() -> runs.run("output_dir=" + folder.resolve("other")))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot use output_table %s: it belongs to another output folder, set output_dir to"
                    + " that one or name another table (file:%s)")
                .formatted(runs.table, runs.output));
    assertThat(runs.rows().count()).isEqualTo(5);
  }

  /** A table that a user has made, with a column of its own. */
  @ParameterizedTest
  @ValueSource(strings = {JobRuns.ICEBERG, JobRuns.DELTA})
  void adoptsATableOnceItIsGivenToTheFolder(String store) {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts(PROMPTS);
    runs.run();
    JobRuns own = new JobRuns(folder, store);
    runs.spark.sql(
        "CREATE TABLE %s USING %s AS SELECT *, 1 AS extra FROM %s LIMIT 0"
            .formatted(own.table, store, runs.table));
    String statement =
        "ALTER TABLE %s SET TBLPROPERTIES ('spark-diffusion.output_dir' = 'file:%s')"
            .formatted(own.table, own.output);
    assertThatThrownBy(own::run)
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot use output_table %s: a table that no run has made must be given to the output"
                    + " folder with %s (it has no such property)")
                .formatted(own.table, statement));
    own.spark.sql(statement);
    assertThat(own.run().counts().generated()).isEqualTo(4);
    assertThat(own.texts("extra")).hasSize(5).containsOnly("-");
  }

  @ParameterizedTest
  @ValueSource(strings = {JobRuns.ICEBERG, JobRuns.DELTA})
  void refusesColumnsThatDoNotFit(String store) {
    JobRuns runs = new JobRuns(folder, store);
    runs.prompts(PROMPTS);
    runs.run();
    runs.prompts("id,prompt,Mood,Style\na,fox,calm,oil\n");
    assertThatThrownBy(runs::run)
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot use output_table %s: it must have the result's columns, alter it or name"
                    + " another table (Mood string is missing)")
                .formatted(runs.table));
    runs.spark.sql("ALTER TABLE %s ADD COLUMN Mood STRING".formatted(runs.table));
    assertThat(runs.run().counts().generated()).isEqualTo(1);
    assertThat(runs.texts("id", "style", "mood")).contains("a oil calm", "a oil -");
  }

  @Test
  void refusesATableOfOtherTypes() {
    JobRuns runs = new JobRuns(folder, JobRuns.ICEBERG);
    runs.spark.sql(
        ("CREATE TABLE %s (id BINARY, image_index BIGINT NOT NULL) TBLPROPERTIES"
                + " ('spark-diffusion.output_dir' = 'file:%s')")
            .formatted(runs.table, runs.output));
    runs.prompts(PROMPTS);
    assertThatThrownBy(runs::run)
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("(id is binary and not string, prompt string is missing, ")
        .hasMessageEndingWith(", group string is missing, image_index takes no nulls)");
  }

  @Test
  void commitsNothingOnceAnotherRunHasTakenOver() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.ICEBERG);
    StructType schema = new StructType().add("id", "string");
    OutputFolder slow = open(folder);
    ResultStore rows = ResultStore.open(runs.spark, runs.table, slow, schema);
    rows.stage(runs.spark.createDataFrame(List.of(RowFactory.create("a")), schema), 0);
    Files.writeString(folder.resolve("_lock"), "quick 0\n");
    assertThatThrownBy(() -> rows.commit(0))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("Cannot go on: this run must hold its output folder");
    assertThat(runs.rows().count()).isZero();
    assertThatThrownBy(slow::close)
        .hasMessageStartingWith("Cannot go on: this run must hold its output folder");
  }

  @Test
  void refusesACatalogThatCommitsNothing() throws IOException {
    StructType schema = new StructType().add("id", "string");
    try (OutputFolder output = open(folder)) {
      assertThatThrownBy(() -> ResultStore.open(LocalSpark.session(), "lake.db.t", output, schema))
          .isInstanceOf(ProblemsException.class)
          .hasMessage(
              "Cannot use output_table lake.db.t: its catalog must be one of Iceberg or Delta, set"
                  + " spark.sql.catalog.lake among Spark's options (V2SessionCatalog)");
      assertThatThrownBy(() -> ResultStore.open(LocalSpark.session(), "a b", output, schema))
          .isInstanceOf(ProblemsException.class)
          .hasMessage("Cannot use output_table: it must be a table's name as in SQL (a b)");
    }
  }

  private static OutputFolder open(Path folder) {
    return OutputFolder.open(
        folder.toString(), OutputCommit.AUTO, "slow", new Configuration(), new HandBeats());
  }
}
