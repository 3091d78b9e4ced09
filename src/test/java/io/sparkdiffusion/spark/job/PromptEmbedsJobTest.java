package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A table with embeddings in the place of texts. */
class PromptEmbedsJobTest {

  private static final String ROWS =
      "transform(sequence(1, %s), i -> transform(sequence(1, %s), j -> %s))";

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  /** Those of the second table take more than what the driver plans itself. */
  @ParameterizedTest
  @ValueSource(ints = {41, 15_000})
  void rowsOfEmbeddingsAreMadeAndWrongOnesFail(int wrongWidth) throws IOException {
    String good = ROWS.formatted(77, 40, "cast(sin(i * j) as float)");
    Map<String, String> tables =
        Map.of(
            "good", good,
            "other", ROWS.formatted(77, 40, "cast(cos(i * j) as float)"),
            "wide", ROWS.formatted(77, wrongWidth, "cast(1 as float)"),
            "nan", ROWS.formatted(77, 40, "float('NaN')"),
            "none", "cast(null as array<array<float>>)");
    String rows =
        tables.entrySet().stream()
            .map(
                row ->
                    "SELECT '%s' AS id, %s AS prompt_embeds"
                        .formatted(row.getKey(), row.getValue()))
            .collect(Collectors.joining(" UNION ALL "));
    spark.sql(rows).write().parquet(folder.resolve("table").toString());

    Map<String, Row> made = run();
    assertThat(made.get("good").<String>getAs("sha256"))
        .isNotNull()
        .isNotEqualTo(made.get("other").getAs("sha256"));
    assertThat(made.get("good").<String>getAs("request_hash"))
        .isNotEqualTo(made.get("other").getAs("request_hash"));
    assertThat(made.get("good").<String>getAs("prompt")).isEmpty();
    assertThat(made.get("good").getList(made.get("good").fieldIndex("prompt_embeds"))).hasSize(77);
    assertThat(made.get("wide").<String>getAs("error"))
        .contains("each 40 wide (77 x %s)".formatted(wrongWidth));
    assertThat(made.get("nan").<String>getAs("error"))
        .contains("Cannot read prompt_embeds: it must hold finite numbers (NaN in row 1)");
    assertThat(made.get("none").<String>getAs("error")).contains("prompt: it must not be null");
    assertThat(Files.readString(folder.resolve("out/index.html")))
        .contains("No command line has room for the embeddings");

    assertThat(run().keySet()).as("nothing is made twice").isEqualTo(made.keySet());
    assertThat(
            spark
                .read()
                .parquet(folder.resolve("out/rows").toString())
                .filter("status = 'generated'")
                .count())
        .isEqualTo(2);
  }

  private Map<String, Row> run() throws IOException {
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    new GenerateJob(
            spark,
            JobConfig.load(
                config,
                List.of(
                    "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
                    "prompts=" + folder.resolve("table"),
                    "num_inference_steps=2",
                    "resolution=64",
                    "device=cpu",
                    "output_dir=" + folder.resolve("out"))))
        .execute();
    return spark.read().parquet(folder.resolve("out/rows").toString()).collectAsList().stream()
        .collect(Collectors.toMap(row -> row.<String>getAs("id"), row -> row, (a, b) -> b));
  }
}
