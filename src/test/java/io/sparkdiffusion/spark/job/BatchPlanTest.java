package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.spark.executor.RequestColumns;
import io.sparkdiffusion.testing.LocalSpark;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class BatchPlanTest {

  @Test
  void fillsBatchesAndKeepsKeysApart() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      planned.add(planned("row" + i, i % 2 == 0 ? 50 : 5));
    }
    planned.add(RequestColumns.failed("bad", "fox", "Cannot use seed: no (x)", List.of()));
    Collections.shuffle(planned, new Random(7));
    var rows = LocalSpark.session().createDataFrame(planned, RequestColumns.SCHEMA);
    BatchPlan plan = BatchPlan.of(rows, 4, 2);
    List<List<Row>> partitions = plan.arrange(rows).glom().collect();

    assertThat(plan.images()).isEqualTo(50);
    assertThat(partitions).hasSize(plan.partitions());
    assertThat(partitions).allSatisfy(part -> assertThat(keys(part)).hasSize(1));
    assertThat(partitions.stream().mapToInt(List::size).sum()).isEqualTo(51);
    assertThat(partitions.stream().filter(part -> part.size() % 4 != 0))
        .as("25 images of each key make six whole batches and one more; the failed row is alone")
        .hasSize(3);
    assertThat(partitions.get(0)).first().extracting(row -> row.getInt(5)).isEqualTo(50);
  }

  @Test
  void spreadsWorkByCost() {
    BatchPlan plan =
        BatchPlan.of(
            List.of(new BatchPlan.Demand("dear", 100, 50), new BatchPlan.Demand("cheap", 100, 5)),
            1,
            1);
    // All cost 5,500: an eighth of it are 13 dear images, or 16 batches of cheap ones at most.
    assertThat(plan.partitions()).isEqualTo(8 + 7);
  }

  @Test
  void keepsPartitionsToAFewBatches() {
    BatchPlan plan = BatchPlan.of(List.of(new BatchPlan.Demand("key", 1_000_000, 50)), 8, 4);
    assertThat(plan.partitions()).isEqualTo(7813);
    assertThat(BatchPlan.of(List.of(), 8, 4).partitions()).isZero();
  }

  @Test
  void groupsNeighbouringPartitions() {
    BatchPlan plan = BatchPlan.of(List.of(new BatchPlan.Demand("key", 50, 1)), 1, 2);
    assertThat(plan.partitions()).isEqualTo(17);

    assertThat(plan.groups(12, 2))
        .containsExactly(
            new BatchPlan.Group(0, 0, 4),
            new BatchPlan.Group(1, 4, 8),
            new BatchPlan.Group(2, 8, 12),
            new BatchPlan.Group(3, 12, 16),
            new BatchPlan.Group(4, 16, 17));
    assertThat(plan.groups(1, 16))
        .as("a group has work for every slot")
        .containsExactly(new BatchPlan.Group(0, 0, 16), new BatchPlan.Group(1, 16, 17));
    assertThat(plan.groups(1000, 2)).containsExactly(new BatchPlan.Group(0, 0, 17));
  }

  private static Set<String> keys(List<Row> rows) {
    Set<String> keys = new HashSet<>();
    rows.forEach(row -> keys.add(row.getString(RequestColumns.BATCH_KEY)));
    return keys;
  }

  private static Row planned(String id, int steps) {
    return RequestColumns.of(
        new ImageRequest(id, 0, "fox", "", 1, steps, 7.5, 0, 8, 16, "ddim", 0), id, List.of());
  }
}
