package io.sparkdiffusion.spark.job;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.collection.JavaConverters;

/**
 * Follows a counter of images while tasks run. Finished tasks report at once, running ones with
 * each heartbeat of their executor ({@code spark.executor.heartbeatInterval}, Spark's default is 10
 * s), both after each batch at the earliest.
 */
final class Progress extends SparkListener implements AutoCloseable {

  private final SparkContext context;
  private final long counterId;
  private final long total;
  private final ProgressDisplay display;
  private final AtomicLong finished = new AtomicLong();
  private final Map<Long, Long> running = new ConcurrentHashMap<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("spark-diffusion-progress"));

  private Progress(SparkContext context, long counterId, long total, ProgressDisplay display) {
    this.context = context;
    this.counterId = counterId;
    this.total = total;
    this.display = display;
  }

  /** Begins to follow a counter and to show it. */
  static Progress start(SparkContext context, long counterId, long total, ProgressDisplay display) {
    Progress progress = new Progress(context, counterId, total, display);
    context.addSparkListener(progress);
    long period = display.interval().toMillis();
    var unused =
        progress.clock.scheduleAtFixedRate(progress::show, period, period, TimeUnit.MILLISECONDS);
    return progress;
  }

  private void show() {
    display.show(done(), total);
  }

  long done() {
    long underway = running.values().stream().mapToLong(Long::longValue).sum();
    return Math.min(total, finished.get() + underway);
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    JavaConverters.seqAsJavaList(update.accumUpdates())
        .forEach(task -> follow((Long) task._1(), JavaConverters.seqAsJavaList(task._4())));
  }

  private void follow(Long task, Iterable<AccumulableInfo> values) {
    for (AccumulableInfo value : values) {
      if (value.id() == counterId && value.update().isDefined()) {
        running.put(task, ((Number) value.update().get()).longValue());
      }
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    running.remove(end.taskInfo().taskId());
    if (end.taskInfo().successful()) {
      for (AccumulableInfo value :
          JavaConverters.seqAsJavaList(end.taskInfo().accumulables().toSeq())) {
        if (value.id() == counterId && value.update().isDefined()) {
          finished.addAndGet(((Number) value.update().get()).longValue());
        }
      }
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
    context.removeSparkListener(this);
    display.end(done(), total);
  }
}
