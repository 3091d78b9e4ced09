package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import org.apache.spark.scheduler.SparkListenerExecutorExcluded;
import org.apache.spark.scheduler.SparkListenerExecutorExcludedForStage;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerNodeExcluded;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.Test;

class LeftOutTest {

  @Test
  void namesWhoWasLeftOutAndWhy() {
    try (LeftOut leftOut = LeftOut.of(LocalSpark.session().sparkContext())) {
      leftOut.onTaskStart(started("3", "gpu7"));
      leftOut.onTaskStart(started("4", "gpu8"));
      leftOut.onExecutorExcludedForStage(
          new SparkListenerExecutorExcludedForStage(0, "3", 1, 2, 0));
      leftOut.onExecutorExcluded(new SparkListenerExecutorExcluded(0, "3", 2));
      leftOut.onExecutorExcludedForStage(
          new SparkListenerExecutorExcludedForStage(0, "3", 1, 2, 0));
      leftOut.onNodeExcluded(new SparkListenerNodeExcluded(0, "gpu7", 1));
      leftOut.onExecutorRemoved(
          new SparkListenerExecutorRemoved(0, "4", "Command exited with code 71"));
      leftOut.onExecutorRemoved(
          new SparkListenerExecutorRemoved(0, "5", "Executor 5 was idle, pid 4711"));

      assertThat(leftOut.lines())
          .containsExactly(
              "executor 3 on gpu7: 2 tasks failed",
              "executor 4 on gpu8: its GPU was lost, it has ended",
              "machine gpu7: 1 executor failed");
    }
  }

  @Test
  void saysNothingWhereAllIsWell() {
    try (LeftOut leftOut = LeftOut.of(LocalSpark.session().sparkContext())) {
      leftOut.onTaskStart(started("3", "gpu7"));
      assertThat(leftOut.lines()).isEmpty();
    }
  }

  private static SparkListenerTaskStart started(String executor, String host) {
    TaskInfo task = new TaskInfo(1, 1, 0, 0, executor, host, TaskLocality.ANY(), false);
    return new SparkListenerTaskStart(1, 0, task);
  }
}
