package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.Dtype;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.spark.job.Failures;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateImagesTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void givesTheSameBytesUnderAnyPartitioning() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 23; i++) {
      planned.add(planned("row" + i, "fox " + i, i % 3 == 0 ? 5 : 8));
    }
    Map<String, String> one = digests(generate(planned, 1, "partitions", "cpu"));
    assertThat(one).hasSize(23);
    assertThat(digests(generate(planned, 2, "partitions", "cpu"))).isEqualTo(one);
    assertThat(digests(generate(planned, 7, "partitions", "cpu"))).isEqualTo(one);
  }

  @Test
  void loadsTheModelOnceForAllTasks() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      planned.add(planned("row" + i, "fox", 5));
    }
    generate(planned, 6, "once", "cpu");
    generate(planned, 3, "once", "cpu");
    assertThat(FakeModel.loads("once")).isEqualTo(1);
  }

  @Test
  void loadsNoModelForFailedRows() {
    Row failed = RequestColumns.failed("a", "fox", "Cannot use seed: no (x)", List.of());
    List<Row> rows = generate(List.of(failed), 1, "unused", "cpu");
    assertThat(rows).hasSize(1);
    assertThat(FakeModel.loads("unused")).isZero();
  }

  @Test
  void turnsPicturesWithoutContentIntoFailedRows() {
    List<Row> rows =
        generate(
            List.of(planned("a", "NAN", 5), planned("b", "FLAT", 5), planned("c", "fox", 5)),
            1,
            "failures",
            "cpu");
    assertThat(rows)
        .extracting(row -> row.getAs("id") + ": " + row.getAs("error"))
        .containsExactlyInAnyOrder(
            "a: Cannot keep picture: it holds NaN (step 3)",
            "b: Cannot keep the picture: all its pixels are the same",
            "c: null");
  }

  @Test
  void tellsTheDriverThatTheDeviceIsMissing() {
    assertThatThrownBy(() -> generate(List.of(planned("a", "fox", 5)), 1, "device", "cuda"))
        .satisfies(
            e ->
                assertThat(Failures.problems(e))
                    .map(ProblemsException::getMessage)
                    .hasValueSatisfying(
                        text ->
                            assertThat(text)
                                .startsWith(
                                    "Cannot use device cuda:0: libtorch must see that GPU")));
  }

  private List<Row> generate(List<Row> planned, int partitions, String model, String device) {
    GenerationRun run =
        new GenerationRun(
            "run",
            FakeModel.named(model),
            new ExecutionConfig(device, Dtype.FLOAT32, Dtype.FLOAT32, 2),
            new PictureStore(
                folder.toString(),
                folder.resolve("staging").toString(),
                OutputFormat.PARQUET,
                PictureStore.Naming.BY_REQUEST,
                true,
                true));
    GenerateImages function =
        new GenerateImages(
            run,
            GenerationCounters.register(spark.sparkContext()),
            new SerializableConfiguration(new Configuration()));
    return spark
        .createDataFrame(planned, RequestColumns.SCHEMA)
        .repartition(partitions)
        .mapPartitions(function, Encoders.row(ResultColumns.SCHEMA))
        .collectAsList();
  }

  private static Row planned(String id, String prompt, int steps) {
    ImageRequest request = new ImageRequest(id, 0, prompt, "", 1, steps, 7.5, 0, 8, 16, "ddim", 0);
    return RequestColumns.of(request, "hash of " + id, List.of());
  }

  private static Map<String, String> digests(List<Row> rows) {
    Map<String, String> digests = new TreeMap<>();
    rows.forEach(row -> digests.put(row.getAs("id"), row.getAs("sha256")));
    return digests;
  }
}
