package io.sparkdiffusion.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The transformer on streams and behind a view of SQL gives what it gives on a table. */
class TextToImageUsesTest {

  private static final String ANSI = "spark.sql.ansi.enabled";
  private static final String COLUMNS = "id STRING, prompt STRING, num_images INT";

  private final SparkSession spark = LocalSpark.session();
  private final TextToImage drawing =
      new TextToImage()
          .setModelUrl(ReferenceModels.folder("base").toString())
          .setHeight(64)
          .setWidth(64)
          .setNumInferenceSteps(2)
          .setDevice("cpu");

  @TempDir private Path folder;

  @BeforeEach
  void fill() throws IOException {
    Files.createDirectory(folder.resolve("in"));
    Files.writeString(folder.resolve("in/first.csv"), "a,a red fox,\nb,,\n");
  }

  private Dataset<Row> table() {
    return spark.read().schema(COLUMNS).csv(folder.resolve("in").toString());
  }

  private Dataset<Row> stream() {
    return spark.readStream().schema(COLUMNS).csv(folder.resolve("in").toString());
  }

  /** Status and what the bytes are, sorted. */
  private static List<String> drawn(Dataset<Row> images) {
    return images
        .select("id", "image.image_index", "image.status", "image.bytes")
        .collectAsList()
        .stream()
        .map(
            row ->
                "%s %s %s %s"
                    .formatted(
                        row.get(0),
                        row.get(1),
                        row.get(2),
                        row.isNullAt(3) ? "-" : Sha256.of(row.<byte[]>getAs(3))))
        .sorted()
        .toList();
  }

  private void finish(DataStreamWriter<Row> writer)
      throws TimeoutException, StreamingQueryException {
    writer
        .trigger(Trigger.AvailableNow())
        .option("checkpointLocation", folder.resolve("checkpoint").toString())
        .start()
        .awaitTermination();
  }

  @Test
  void drawsWhatAStreamBrings() throws Exception {
    DataStreamWriter<Row> writer =
        drawing
            .transform(stream())
            .writeStream()
            .format("parquet")
            .option("path", folder.resolve("out").toString());
    finish(writer);
    assertThat(drawn(spark.read().parquet(folder.resolve("out").toString())))
        .isEqualTo(drawn(drawing.transform(table())))
        .hasSize(2)
        .anyMatch(line -> line.startsWith("b 0 failed -"));

    Files.writeString(folder.resolve("in/second.csv"), "c,an owl,2\n");
    finish(writer);
    assertThat(drawn(spark.read().parquet(folder.resolve("out").toString())))
        .isEqualTo(drawn(drawing.transform(table())))
        .hasSize(4);
  }

  @Test
  void drawsBatchByBatch() throws Exception {
    String out = folder.resolve("out").toString();
    VoidFunction2<Dataset<Row>, Long> draw =
        (batch, number) -> drawing.transform(batch).write().mode("append").parquet(out);
    finish(stream().writeStream().foreachBatch(draw));
    assertThat(drawn(spark.read().parquet(out))).isEqualTo(drawn(drawing.transform(table())));
  }

  /** Images are drawn for the rows that a query asks for. */
  @Test
  void drawsBehindAViewOfSql() {
    drawing.transform(table()).createOrReplaceTempView("images");
    Dataset<Row> asked = spark.sql("SELECT * FROM images WHERE id = 'a'");
    assertThat(drawn(asked))
        .isEqualTo(drawn(drawing.transform(table().where(functions.col("id").equalTo("a")))))
        .hasSize(1)
        .allMatch(line -> line.startsWith("a 0 generated "));
    spark.catalog().dropTempView("images");
  }

  /** As Spark Connect's clients call it; a query that reads no image draws none. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void drawsByAFunctionOfSql(boolean isAnsi) {
    withAnsi(
        isAnsi,
        () -> {
          table().createOrReplaceTempView("prompts");
          String model = drawing.getOrDefault(drawing.getParam("modelUrl")).toString();
          Dataset<Row> asked =
              spark.sql(
                  "SELECT * FROM text_to_image(TABLE(SELECT * FROM prompts WHERE id = 'a'), map("
                      + "'modelUrl', '%s', 'height', '64', 'width', '64', 'num_inference_steps', '2',"
                          .formatted(model)
                      + " 'device', 'cpu', 'png_ai_mark', 'true', 'guidance_scale', '7.5'))");
          assertThat(drawn(asked))
              .isEqualTo(drawn(drawing.transform(table().where("id = 'a'"))))
              .hasSize(1)
              .allMatch(line -> line.startsWith("a 0 generated "));
          assertThat(asked.columns()).containsExactly("id", "prompt", "num_images", "image");
        });
  }

  private void withAnsi(boolean isAnsi, Runnable test) {
    String usual = spark.conf().get(ANSI);
    spark.conf().set(ANSI, isAnsi);
    try {
      test.run();
    } finally {
      spark.conf().set(ANSI, usual);
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      textBlock =
          """
          "map('modelUrl', 'm')", its arguments must be a table and a map
          "TABLE(prompts), map('height', 128)", numbers in quotes too (map<string,int>)
          "TABLE(prompts), map('heigth', '8')", Cannot set heigth: it must be one of batchSize
          "TABLE(prompts), map('height', '8.5')", (8.5)
          "TABLE(prompts), map('height', CAST(NULL AS STRING))", (null)
          "TABLE(prompts), map('png_ai_mark', 'yes')", Cannot set png_ai_mark
          "TABLE(prompts), map('modelUrl', 'm', 'height', '9')", must be a multiple of 8
          "TABLE(SELECT 1 AS a), map('modelUrl', 'm')", must have it (a)
          """)
  void saysWhatTheFunctionNeeds(String arguments, String said) {
    table().createOrReplaceTempView("prompts");
    assertThatThrownBy(() -> spark.sql("SELECT * FROM text_to_image(" + arguments + ")"))
        .hasMessageContaining(said);
  }
}
