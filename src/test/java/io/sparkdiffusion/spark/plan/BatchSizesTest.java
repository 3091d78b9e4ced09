package io.sparkdiffusion.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.BatchSize;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchSizesTest {

  private static final BatchSize AUTO = new BatchSize.Auto();

  /** Every slot gets work first; then batches grow up to the most. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "2, 1, 2",
    "3, 1, 4",
    "8, 1, 8",
    "9, 1, 16",
    "1000000, 1, 16",
    "8, 8, 1",
    "9, 8, 2",
    "100, 8, 16",
    "64, 8, 8",
    "1000000, 8, 16",
    "0, 4, 1"
  })
  void growsWithWhatThereIsToDo(long images, int slots, int expected) {
    assertThat(BatchSizes.of(AUTO, images, slots)).isEqualTo(expected);
    assertThat(BatchSizes.of(new BatchSize.Fixed(5), images, slots)).isEqualTo(5);
  }

  @Test
  void isPlannedForEachKeyAndFillsPartitions() {
    BatchPlan plan =
        BatchPlan.of(
            List.of(
                new BatchPlan.Demand("many", 100_003, 50),
                new BatchPlan.Demand("few", 5, 50),
                new BatchPlan.Demand(null, 7, 0)),
            new BatchPlan.Sizes(AUTO, 2, 1000));

    assertThat(plan.batchSizes().of("many")).isEqualTo(BatchSize.MOST);
    assertThat(plan.batchSizes().of("few")).isEqualTo(4);
    assertThat(plan.batchSizes().of("another")).isEqualTo(BatchSize.MOST);
    assertThat(plan.partitions().stream().map(BatchPlan.Partition::images))
        .as("whole batches but for the last of each key")
        .filteredOn(images -> images % BatchSize.MOST != 0)
        .containsExactlyInAnyOrder(3, 5, 7);
  }

  /** What a CPU is told, as before there was a choice. */
  @Test
  void isTheNumberThatWasGiven() {
    BatchSizes fixed = BatchSizes.of(new BatchSize.Fixed(3));
    assertThat(fixed.of("any")).isEqualTo(3);
    assertThat(BatchSizes.of(AUTO).of("any")).isEqualTo(BatchSize.MOST);
  }
}
