package io.sparkdiffusion.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.Requests;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** Few images, which the driver plans, and many, which Spark plans, are planned alike. */
class PlannedImagesTest {

  private static final BatchPlan.Sizes SIZES = new BatchPlan.Sizes(3, 2, 20);

  private final SparkSession spark = LocalSpark.session();
  private final List<Row> rows = rows();
  private final PlannedImages few = new FewImages(spark, RequestColumns.SCHEMA, rows);
  private final PlannedImages many =
      new ManyImages(spark.createDataFrame(rows, RequestColumns.SCHEMA));

  /** Ids in several alphabets, several images each, three batch keys and failed rows. */
  private static List<Row> rows() {
    Random random = new Random(11);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String id = List.of("row", "Zeile ß", "列", "🦊 ", "").get(i % 5) + random.nextInt();
      for (int image = 0; image <= i % 3; image++) {
        rows.add(planned(id, image, 5 + i % 3));
      }
    }
    for (int i = 0; i < 4; i++) {
      String reason = "Cannot use seed: it must be a number (%d)".formatted(i);
      rows.add(RequestColumns.failed("bad" + i, "fox", i < 3 ? reason : "Cannot", List.of()));
    }
    return rows;
  }

  @Test
  void areCountedAlike() {
    assertThat(few.counts())
        .isEqualTo(many.counts())
        .isEqualTo(
            new RowCounts.Planned(
                124, 64, 4, Map.of("Cannot use seed: it must be a number", 3L, "Cannot", 1L)));
    assertThat(few.steps()).isEqualTo(many.steps());
    assertThat(few.demands()).containsExactlyInAnyOrderElementsOf(many.demands());
  }

  @Test
  void areDividedAlike() {
    BatchPlan batches = BatchPlan.of(few.demands(), SIZES);
    assertThat(partitions(few, batches))
        .hasSizeGreaterThan(20)
        .isEqualTo(partitions(many, batches));
  }

  @Test
  void stayWithTheFilesThatTheirTableHolds() {
    List<Row> filed = new ArrayList<>(rows.subList(rows.size() - 4, rows.size()));
    for (int i = 0; i < 120; i++) {
      filed.add(
          RequestColumns.of(
              request("row" + i, 0, 10, Parameters.STRENGTH.of(List.of(0.3, 0.5, 1.0).get(i % 3)))
                  .withInputs(Map.of(InputImage.INIT, new InputFile("", "a".repeat(64)))),
              "hash" + i,
              i / 20,
              List.of()));
    }
    PlannedImages ofFew = new FewImages(spark, RequestColumns.SCHEMA, filed);
    PlannedImages ofMany = new ManyImages(spark.createDataFrame(filed, RequestColumns.SCHEMA));
    BatchPlan batches = BatchPlan.of(ofFew.demands(), SIZES);

    assertThat(ofFew.steps()).isEqualTo(ofMany.steps()).isEqualTo(40 * (3 + 5 + 10));
    assertThat(ofFew.demands()).hasSize(4).containsExactlyInAnyOrderElementsOf(ofMany.demands());
    assertThat(partitions(ofFew, batches)).isEqualTo(partitions(ofMany, batches));
    List<SortedSet<Integer>> needed = ofFew.tablePartitions(batches).byPlanned();
    assertThat(needed).isEqualTo(ofMany.tablePartitions(batches).byPlanned());
    assertThat(needed).hasSize(batches.partitions().size()).allMatch(some -> some.size() <= 2);
    assertThat(needed.stream().flatMap(Set::stream).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
  }

  @Test
  void areListedAlike() {
    assertThat(names(few.first(9))).hasSize(9).isEqualTo(names(many.first(9)));
  }

  @Test
  void areLeftToSparkWhereRowsAskForMore() {
    Stream<Row> all = Stream.generate(() -> rows.get(0)).limit(FewImages.MOST + 1L);
    assertThat(FewImages.of(spark, RequestColumns.SCHEMA, all)).isEmpty();
  }

  @Test
  void areLeftToSparkWhereTheirEmbeddingsTakeMuch() {
    List<List<Float>> table = Collections.nCopies(8, Collections.nCopies(1024, 1f));
    Parameter.Value<?> embeds = Parameters.PROMPT_EMBEDS.read(table).orElseThrow();
    Row row = RequestColumns.of(Requests.of("a", 0, "", "", embeds), "hash", List.of());
    int most = FewImages.MOST_NUMBERS / (8 * 1024);
    assertThat(FewImages.of(spark, RequestColumns.SCHEMA, Stream.generate(() -> row).limit(most)))
        .isPresent();
    assertThat(
            FewImages.of(spark, RequestColumns.SCHEMA, Stream.generate(() -> row).limit(most + 1)))
        .isEmpty();
  }

  @Test
  void areNoneForAnEmptyTable() {
    PlannedImages none = new FewImages(spark, RequestColumns.SCHEMA, List.of());
    BatchPlan batches = BatchPlan.of(none.demands(), SIZES);
    assertThat(none.arranged(batches).collect()).isEmpty();
    assertThat(none.counts()).isEqualTo(new RowCounts.Planned(0, 0, 0, Map.of()));
  }

  private static List<Set<String>> partitions(PlannedImages images, BatchPlan batches) {
    return images.arranged(batches).glom().collect().stream()
        .map(part -> part.stream().map(PlannedImagesTest::name).collect(Collectors.toSet()))
        .toList();
  }

  private static List<String> names(List<Row> rows) {
    return rows.stream().map(PlannedImagesTest::name).toList();
  }

  private static String name(Row row) {
    return row.getString(0) + " " + row.getInt(1);
  }

  private static Row planned(String id, int image, int steps) {
    return RequestColumns.of(request(id, image, steps, Parameters.ETA.of(0.0)), id, List.of());
  }

  private static ImageRequest request(String id, int image, int steps, Parameter.Value<?> other) {
    return Requests.of(
        id,
        image,
        "fox",
        "",
        Parameters.SEED.of(1L),
        Parameters.NUM_INFERENCE_STEPS.of(steps),
        Parameters.HEIGHT.of(8),
        Parameters.WIDTH.of(16),
        other);
  }
}
