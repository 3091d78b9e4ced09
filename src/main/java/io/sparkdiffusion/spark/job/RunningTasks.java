package io.sparkdiffusion.spark.job;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Knows which tasks have begun and not ended, on all executors. Spark's own counts of them are
 * written down only now and then.
 */
final class RunningTasks extends SparkListener implements AutoCloseable {

  private static final long LOOK_NANOS = 50_000_000L;

  private final SparkContext context;
  private final Set<Long> ids = ConcurrentHashMap.newKeySet();

  private RunningTasks(SparkContext context) {
    this.context = context;
  }

  /** Follows the tasks that begin from now on. */
  static RunningTasks of(SparkContext context) {
    RunningTasks tasks = new RunningTasks(context);
    context.addSparkListener(tasks);
    return tasks;
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    ids.add(start.taskInfo().taskId());
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    ids.remove(end.taskInfo().taskId());
  }

  /** Waits until none is running, and no longer than so; whether all have ended. */
  boolean awaitEnd(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    do {
      LockSupport.parkNanos(LOOK_NANOS); // what has just begun is told a little later
    } while (!ids.isEmpty() && !context.isStopped() && System.nanoTime() < end);
    return ids.isEmpty();
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
