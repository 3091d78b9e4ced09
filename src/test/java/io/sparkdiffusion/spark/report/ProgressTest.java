package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkContext;
import org.apache.spark.Success$;
import org.apache.spark.TaskState;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.Option;
import scala.Tuple4;
import scala.collection.JavaConverters;

/** What Spark tells while tasks of several groups run, on a clock that stands still between. */
class ProgressTest {

  private static final long COUNTER = 1_000_000;

  private final SparkContext context = LocalSpark.session().sparkContext();
  private final List<String> lines = new ArrayList<>();
  private final AtomicLong seconds = new AtomicLong(100);
  private final Progress progress = Progress.start(context, COUNTER, 100, display());

  @AfterEach
  void close() {
    progress.close();
  }

  @Test
  void tellsOneRateOverAllGroups() {
    started(1, 10, 0, false);
    started(1, 11, 1, false);
    showAfter(60);
    ended(1, 10, 0, true, 10);
    showAfter(0);
    started(2, 12, 0, false);
    heartbeat(11, 5);
    heartbeat(12, 5);
    showAfter(10);
    ended(1, 11, 1, true, 20);
    ended(2, 12, 0, true, 20);
    showAfter(10);
    started(3, 13, 0, false);
    ended(3, 13, 0, true, 50);
    seconds.addAndGet(25);
    progress.close();
    assertThat(lines)
        .containsExactly(
            "0 of 100 images",
            "10 of 100 images",
            "20 of 100 images, 1.00 per second, 1 min 20 s left",
            "50 of 100 images, 2.00 per second, 25 s left",
            "100 of 100 images, 0.952 per second");
  }

  @Test
  void countsSpeculativeAttemptsOnce() {
    started(1, 10, 7, false);
    heartbeat(10, 6);
    started(1, 11, 7, true);
    heartbeat(11, 4);
    assertThat(progress.done()).as("the attempt that has come further").isEqualTo(6);
    ended(1, 11, 7, true, 8);
    assertThat(progress.done()).as("the other one is still running").isEqualTo(8);
    heartbeat(10, 7);
    ended(1, 10, 7, true, 8);
    assertThat(progress.done()).as("both have ended well").isEqualTo(8);
    started(2, 12, 7, false);
    ended(2, 12, 7, true, 8);
    assertThat(progress.done()).as("the same partition of another group").isEqualTo(16);
  }

  @Test
  void forgetsWhatAFailedAttemptHadMade() {
    started(1, 10, 0, false);
    heartbeat(10, 6);
    ended(1, 10, 0, false, 6);
    assertThat(progress.done()).isZero();
    heartbeat(10, 7);
    assertThat(progress.done()).as("a heartbeat after the end").isZero();
    started(1, 11, 0, false);
    heartbeat(11, 2);
    assertThat(progress.done()).isEqualTo(2);
    ended(1, 11, 0, true, 8);
    assertThat(progress.done()).isEqualTo(8);
  }

  private void showAfter(int more) {
    seconds.addAndGet(more);
    progress.show();
  }

  private ProgressDisplay display() {
    return new ProgressDisplay(
        0, Duration.ofDays(1), lines::add, lines::add, () -> seconds.get() * 1_000_000_000L);
  }

  private void started(int stage, long task, int partition, boolean speculative) {
    progress.onTaskStart(new SparkListenerTaskStart(stage, 0, info(task, partition, speculative)));
  }

  /** Scala's lines differ in what a Seq holds; a list is one in both. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private void heartbeat(long task, long images) {
    scala.collection.immutable.List updates =
        seq(List.of(new Tuple4<>(task, 1, 0, counter(images))));
    progress.onExecutorMetricsUpdate(
        new SparkListenerExecutorMetricsUpdate(
            "driver", updates, new scala.collection.immutable.HashMap<>()));
  }

  private void ended(int stage, long task, int partition, boolean well, long images) {
    TaskInfo info = info(task, partition, false);
    info.setAccumulables(counter(images));
    info.markFinished(well ? TaskState.FINISHED() : TaskState.FAILED(), 2);
    progress.onTaskEnd(
        new SparkListenerTaskEnd(stage, 0, "ResultTask", Success$.MODULE$, info, null, null));
  }

  private static TaskInfo info(long task, int partition, boolean speculative) {
    return new TaskInfo(
        task, partition, 0, partition, 1, "driver", "host", TaskLocality.ANY(), speculative);
  }

  private static scala.collection.immutable.List<AccumulableInfo> counter(long images) {
    return seq(List.of(accumulated(COUNTER - 1, 1000), accumulated(COUNTER, images)));
  }

  @SuppressWarnings("deprecation") // with Scala 2.13
  private static <T> scala.collection.immutable.List<T> seq(List<T> values) {
    return JavaConverters.asScalaBuffer(values).toList();
  }

  private static AccumulableInfo accumulated(long id, long value) {
    return new AccumulableInfo(
        id, Option.apply("any"), Option.apply(value), Option.empty(), false, true, Option.empty());
  }
}
