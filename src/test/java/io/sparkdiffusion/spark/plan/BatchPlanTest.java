package io.sparkdiffusion.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.Requests;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class BatchPlanTest {

  private static final int STEPS = RequestColumns.SCHEMA.fieldIndex("num_inference_steps");

  @Test
  void fillsBatchesAndKeepsKeysApart() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      planned.add(planned("row" + i, i % 2 == 0 ? 50 : 5));
    }
    planned.add(RequestColumns.failed("bad", "fox", "Cannot use seed: no (x)", List.of()));
    Collections.shuffle(planned, new Random(7));
    var rows = LocalSpark.session().createDataFrame(planned, RequestColumns.SCHEMA);
    ImageNumbers numbers = ImageNumbers.of(rows);
    BatchPlan plan = BatchPlan.of(numbers.demands(), new BatchPlan.Sizes(4, 2, 1000));
    List<List<Row>> partitions = plan.arrange(rows, numbers).glom().collect();

    assertThat(plan.images()).isEqualTo(50);
    assertThat(partitions)
        .extracting(List::size)
        .isEqualTo(plan.partitions().stream().map(BatchPlan.Partition::images).toList());
    assertThat(partitions).allSatisfy(part -> assertThat(keys(part)).hasSize(1));
    assertThat(partitions.stream().flatMap(List::stream).map(row -> row.getString(0)))
        .containsExactlyInAnyOrderElementsOf(planned.stream().map(r -> r.getString(0)).toList());
    assertThat(partitions.stream().filter(part -> part.size() % 4 != 0))
        .as("25 images of each key make six whole batches and one more; the failed row is alone")
        .hasSize(3);
    assertThat(partitions.get(0)).first().extracting(row -> row.getInt(STEPS)).isEqualTo(50);
  }

  @Test
  void givesTheSamePartitionsWhateverTheOrderOfRows() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      planned.add(planned("row" + i, 50));
    }
    List<Set<String>> before = partitions(planned);
    Collections.shuffle(planned, new Random(7));
    assertThat(partitions(planned)).hasSizeGreaterThan(20).isEqualTo(before);
  }

  @Test
  void makesSmallerPartitionsTowardsTheEnd() {
    List<Integer> sizes =
        BatchPlan.of(List.of(demand("key", 400, 50)), new BatchPlan.Sizes(2, 4, 1000))
            .partitions()
            .stream()
            .map(BatchPlan.Partition::images)
            .toList();
    // An eighth of a slot's share at first, 400 / 32; a quarter of what is left in the second half.
    assertThat(sizes).startsWith(12, 12, 12).isSortedAccordingTo(Collections.reverseOrder());
    assertThat(sizes.subList(sizes.size() - 16, sizes.size())).containsOnly(2);
    assertThat(sizes.stream().mapToInt(Integer::intValue).sum()).isEqualTo(400);
  }

  @Test
  void evensNothingOutForASingleSlot() {
    List<BatchPlan.Demand> images = List.of(demand("key", 50, 1));
    BatchPlan plan = BatchPlan.of(images, new BatchPlan.Sizes(1, 1, 1000));
    assertThat(plan.partitions())
        .extracting(BatchPlan.Partition::images)
        .as("16 batches are the most")
        .containsExactly(16, 16, 16, 2);
    assertThat(BatchPlan.of(images, new BatchPlan.Sizes(2, 1, 10)).groups())
        .as("a group needs no more than one partition")
        .hasSize(5);
  }

  @Test
  void spreadsWorkByCost() {
    BatchPlan plan =
        BatchPlan.of(
            List.of(demand("cheap", 1000, 5), demand("dear", 1000, 50)),
            new BatchPlan.Sizes(1, 2, 1000));
    // All cost 55,000, a sixteenth of which are 68 dear images: 16 batches are the most.
    assertThat(plan.partitions()).first().isEqualTo(new BatchPlan.Partition(16, 800));
    assertThat(plan.partitions()).last().isEqualTo(new BatchPlan.Partition(1, 5));
    assertThat(plan.partitions()).allMatch(part -> part.cost() <= 800);
  }

  @Test
  void keepsPartitionsSmallEnoughForTheirGroup() {
    List<BatchPlan.Demand> many = List.of(demand("key", 1_000_000, 50));
    assertThat(BatchPlan.of(many, new BatchPlan.Sizes(8, 4, 10_000)).partitions())
        .first()
        .as("16 batches are the most")
        .isEqualTo(new BatchPlan.Partition(128, 6400));
    assertThat(BatchPlan.of(many, new BatchPlan.Sizes(8, 4, 1000)).partitions())
        .first()
        .as("three for each slot in a group")
        .isEqualTo(new BatchPlan.Partition(80, 4000));
    assertThat(BatchPlan.of(List.of(), new BatchPlan.Sizes(8, 4, 1000)).partitions()).isEmpty();
  }

  @Test
  void groupsNeighbouringPartitions() {
    List<BatchPlan.Demand> images = List.of(demand("key", 50, 1));
    assertThat(BatchPlan.of(images, new BatchPlan.Sizes(1, 2, 15)).groups())
        .extracting(BatchPlan.Group::number)
        .containsExactly(0, 1, 2, 3);
    BatchPlan plan = BatchPlan.of(images, new BatchPlan.Sizes(1, 5, 4));
    assertThat(plan.partitions()).hasSize(50);
    assertThat(plan.groups())
        .as("a group has three partitions for every slot")
        .containsExactly(
            new BatchPlan.Group(0, 0, 15),
            new BatchPlan.Group(1, 15, 30),
            new BatchPlan.Group(2, 30, 45),
            new BatchPlan.Group(3, 45, 50));
    assertThat(BatchPlan.of(images, new BatchPlan.Sizes(1, 5, 1000)).groups()).hasSize(1);
  }

  /** So that an executor loads each once: the dearest set first, failures last. */
  @Test
  void setsOfLorasComeOneAfterAnother() {
    List<BatchPlan.Demand> images =
        List.of(
            new BatchPlan.Demand("a small", 40, 1, "a"),
            new BatchPlan.Demand("b small", 50, 1, "b"),
            new BatchPlan.Demand(null, 3, 0, ""),
            new BatchPlan.Demand("a large", 10, 10, "a"),
            new BatchPlan.Demand("b large", 20, 10, "b"));
    BatchPlan plan = BatchPlan.of(images, new BatchPlan.Sizes(10, 1, 1000));

    assertThat(List.of("b large", "b small", "a large", "a small"))
        .extracting(key -> plan.partition(key, 0))
        .isSorted()
        .doesNotHaveDuplicates()
        .startsWith(0);
    assertThat(plan.partition(null, 0)).isEqualTo(plan.partitions().size() - 1);
    assertThat(plan.imagesByLoras()).containsExactly(Map.entry("b", 70L), Map.entry("a", 50L));
  }

  private static BatchPlan.Demand demand(String batchKey, long images, double cost) {
    return new BatchPlan.Demand(batchKey, images, cost);
  }

  private static List<Set<String>> partitions(List<Row> planned) {
    var rows = LocalSpark.session().createDataFrame(planned, RequestColumns.SCHEMA);
    ImageNumbers numbers = ImageNumbers.of(rows);
    return BatchPlan.of(numbers.demands(), new BatchPlan.Sizes(4, 2, 1000))
        .arrange(rows, numbers)
        .glom()
        .collect()
        .stream()
        .map(part -> part.stream().map(row -> row.getString(0)).collect(Collectors.toSet()))
        .toList();
  }

  private static Set<String> keys(List<Row> rows) {
    Set<String> keys = new HashSet<>();
    rows.forEach(row -> keys.add(row.getString(RequestColumns.BATCH_KEY)));
    return keys;
  }

  private static Row planned(String id, int steps) {
    return RequestColumns.of(
        Requests.of(
            id,
            0,
            "fox",
            "",
            Parameters.SEED.of(1L),
            Parameters.NUM_INFERENCE_STEPS.of(steps),
            Parameters.HEIGHT.of(8),
            Parameters.WIDTH.of(16)),
        id,
        List.of());
  }
}
