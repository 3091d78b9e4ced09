package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.sparkdiffusion.config.BatchSize;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ImageConfig;
import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.output.OutputHold;
import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.Requests;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
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

  /** Images in a batch by batch key, where that is left open. */
  private final Map<String, Integer> together = new HashMap<>();

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

  /** Two tasks at a time, each with rows of three sets. */
  @Test
  void aDeviceHoldsOneModelOfSeveralAtATime() {
    Models models =
        Models.find(
            FakeModel.named("turns"),
            ImageConfig.of(Map.of("pretrained_model_name_or_path", "any"), "test").model(),
            List.of("a.safetensors", "b.safetensors"),
            loras -> {},
            new Configuration());
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      String loras = List.of("", "a.safetensors", "b.safetensors").get(i % 3);
      planned.add(
          RequestColumns.of(
              request("row" + i, "fox", 5, 8).with(Parameters.LORAS.of(loras)), "hash", List.of()));
    }
    ExecutionConfig execution = new ExecutionConfig("cpu", Precision.FLOAT32, 2);
    GenerationCounters counters = GenerationCounters.register(spark.sparkContext());
    List<Row> rows = generate(planned, 4, models, execution, counters);

    Map<String, String> digests = new TreeMap<>();
    rows.forEach(
        row ->
            digests.merge(
                row.getAs("loras"),
                Provenance.fromJson(row.getAs("provenance")).modelDigest(),
                (one, other) -> one.equals(other) ? one : "several"));
    assertThat(rows).hasSize(24);
    assertThat(digests.values())
        .containsExactlyElementsOf(models.all().stream().map(Model::digest).toList());
    assertThat(FakeModel.mostOpen("turns")).isEqualTo(1);
    assertThat(FakeModel.loads("turns")).isBetween(3, 24);
  }

  @Test
  void loadsNoModelForFailedRows() {
    Row failed = RequestColumns.failed("a", "fox", "Cannot use seed: no (x)", List.of());
    List<Row> rows = generate(List.of(failed), 1, "unused", "cpu");
    assertThat(rows).hasSize(1);
    assertThat(FakeModel.loads("unused")).isZero();
  }

  @Test
  void theModelHearsOfImagesAheadButNotOfFailedRows() {
    List<Row> planned = new ArrayList<>();
    planned.add(RequestColumns.failed("bad", "fox", "Cannot use seed: no (x)", List.of()));
    for (int i = 0; i < 40; i++) {
      planned.add(planned("row" + i, "fox " + i, 5));
    }
    generate(planned, 1, "ahead", "cpu");

    List<List<String>> expected = FakeModel.expected("ahead");
    assertThat(expected).extracting(List::size).hasSize(2).allMatch(size -> size <= 32);
    assertThat(expected.stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 40).mapToObj(i -> "row" + i).toList());
  }

  /** The column of ids holds no null. */
  @Test
  void aFailedRowWithoutAnIdHasNoTextForIt() {
    Row failed = RequestColumns.failed(null, null, "Cannot use id: no (null)", List.of());
    assertThat(generate(List.of(failed), 1, "nameless", "cpu"))
        .extracting(row -> "'%s': %s".formatted(row.getAs("id"), row.getAs("error")))
        .containsExactly("'': Cannot use id: no (null)");
  }

  @Test
  void turnsImagesWithoutContentIntoFailedRows() {
    List<Row> rows =
        generate(
            List.of(planned("a", "NAN", 5), planned("b", "FLAT", 5), planned("c", "fox", 5)),
            1,
            "failures",
            "cpu");
    assertThat(rows)
        .extracting(row -> row.getAs("id") + ": " + row.getAs("error"))
        .containsExactlyInAnyOrder(
            "a: Cannot keep image: it holds NaN (step 3)",
            "b: Cannot keep the image: all its pixels are the same",
            "c: null");
  }

  /** The model makes up to four together; the plan has use for two of one key. */
  @Test
  void makesBatchesAsPlanned() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      planned.add(planned("row" + i, "fox " + i, i == 4 ? 6 : 5));
    }
    ExecutionConfig execution =
        new ExecutionConfig("cpu", Precision.FLOAT32, Precision.FLOAT32, new BatchSize.Auto(), "");
    together.put(planned.get(0).getString(RequestColumns.BATCH_KEY), 2);
    List<Row> rows =
        generate(
            planned,
            1,
            FakeModel.named("planned"),
            execution,
            GenerationCounters.register(spark.sparkContext()));

    assertThat(rows)
        .extracting(
            row ->
                row.getAs("id")
                    + ": "
                    + Provenance.fromJson(row.getAs("provenance")).computation().batchSize())
        .containsExactlyInAnyOrder("row0: 2", "row1: 2", "row2: 2", "row3: 2", "row4: 4");
  }

  /** A device that holds two images of 8 x 16 pixels in a batch that begins with four. */
  @Test
  void halvesTheBatchUntilItFits() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      planned.add(planned("row" + i, "fox " + i, 5));
    }
    Map<String, String> bytes = digests(generate(planned, 1, "memory", "cpu"));
    planned.add(planned("huge", "fox", 5, 64));
    GenerationCounters counters = GenerationCounters.register(spark.sparkContext());
    List<Row> rows =
        generate(
            planned,
            2,
            FakeModel.named("memory", 2 * 8 * 16),
            new ExecutionConfig("cpu", Precision.FLOAT32, 4),
            counters);

    List<Row> huge = rows.stream().filter(row -> row.getAs("id").equals("huge")).toList();
    assertThat(huge)
        .singleElement()
        .extracting(row -> row.<String>getAs("error"))
        .isEqualTo(
            "Cannot generate the image: the device's memory must hold it alone (16 x 64: CUDA out"
                + " of memory. Tried to allocate 2.00 GiB); make it smaller or use"
                + " activations_dtype=bfloat16");
    List<Row> others = rows.stream().filter(row -> !row.getAs("id").equals("huge")).toList();
    assertThat(digests(others)).isEqualTo(bytes);
    assertThat(others)
        .extracting(row -> Provenance.fromJson(row.getAs("provenance")).computation().batchSize())
        .allMatch(size -> size <= 2);
    // From 4 to 2 for all, then to 1 for the huge one; both begin with 4 where that comes first.
    assertThat(counters.batchHalvings().value()).isBetween(2L, 3L);
  }

  /**
   * Here the executor is the driver, so the run fails; a model on that device is not used again.
   */
  @Test
  void failsTheRunWhereTheDeviceIsLostInLocalMode() {
    List<Row> planned =
        List.of(planned("a", "fox", 5), planned("b", "LOST " + folder.resolve("mark"), 5));

    assertThatThrownBy(() -> generate(planned, 1, "lost", "cpu"))
        .extracting(Failures::reason, as(STRING))
        .startsWith(
            "Cannot go on: device cpu must answer, and this process cannot use it again (CUDA"
                + " error: unspecified launch failure)");
    assertThat(generate(planned, 1, "lost", "cpu")).hasSize(2);
    assertThat(FakeModel.loads("lost")).isEqualTo(2);
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
    ExecutionConfig execution = new ExecutionConfig(device, Precision.FLOAT32, 2);
    GenerationCounters counters = GenerationCounters.register(spark.sparkContext());
    return generate(planned, partitions, FakeModel.named(model), execution, counters);
  }

  private List<Row> generate(
      List<Row> planned,
      int partitions,
      Model model,
      ExecutionConfig execution,
      GenerationCounters counters) {
    return generate(planned, partitions, Models.of(model), execution, counters);
  }

  private List<Row> generate(
      List<Row> planned,
      int partitions,
      Models models,
      ExecutionConfig execution,
      GenerationCounters counters) {
    GenerationRun run =
        new GenerationRun(
            "run",
            models,
            execution,
            new ImageStore(
                folder.toString(),
                folder.resolve("staging").toString(),
                OutputFormat.PARQUET,
                ImageStore.Naming.BY_REQUEST,
                true,
                true,
                OutputHold.UNSHARED));
    GenerateImages function =
        new GenerateImages(
            run,
            new BatchSizes(execution.perDeviceBatchSize(), together),
            counters,
            new SerializableConfiguration(new Configuration()));
    return spark
        .createDataFrame(planned, RequestColumns.SCHEMA)
        .repartition(partitions)
        .mapPartitions(function, Encoders.row(ResultColumns.SCHEMA))
        .collectAsList();
  }

  private static Row planned(String id, String prompt, int steps) {
    return planned(id, prompt, steps, 8);
  }

  private static Row planned(String id, String prompt, int steps, int height) {
    return RequestColumns.of(request(id, prompt, steps, height), "hash of " + id, List.of());
  }

  private static ImageRequest request(String id, String prompt, int steps, int height) {
    return Requests.of(
        id,
        0,
        prompt,
        "",
        Parameters.SEED.of(1L),
        Parameters.NUM_INFERENCE_STEPS.of(steps),
        Parameters.HEIGHT.of(height),
        Parameters.WIDTH.of(16));
  }

  private static Map<String, String> digests(List<Row> rows) {
    Map<String, String> digests = new TreeMap<>();
    rows.forEach(row -> digests.put(row.getAs("id"), row.getAs("sha256")));
    return digests;
  }
}
