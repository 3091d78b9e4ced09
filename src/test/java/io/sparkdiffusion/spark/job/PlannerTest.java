package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlannerTest {

  @Test
  void countsSlotsByTheProcessorsOfATask() {
    assertThat(Planner.slots(false, 32, 4)).isEqualTo(8);
    assertThat(Planner.slots(true, 7, 2)).isEqualTo(3);
  }

  @Test
  void plansForExecutorsThatComeLaterOnACluster() {
    assertThat(Planner.slots(true, 1, 1)).isOne();
    assertThat(Planner.slots(true, 2, 4)).isOne();
    assertThat(Planner.slots(false, 2, 4))
        .as("two is Spark's parallelism as long as no executor is there")
        .isEqualTo(2);
  }
}
