package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.spark.executor.GenerationCounters;
import io.sparkdiffusion.spark.output.DaemonThreads;
import io.sparkdiffusion.spark.table.BothSparks;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.collection.Seq;

/**
 * Follows a counter of images while tasks run, over all groups. Finished tasks report at once,
 * running ones with each heartbeat of their executor ({@code spark.executor.heartbeatInterval},
 * Spark's default is 10 s), both after each batch at the earliest; in local mode, where tasks run
 * in this JVM, nothing is waited for. A partition counts once, however many attempts at it are
 * running or have ended well.
 */
public final class Progress extends SparkListener implements AutoCloseable {

  private final SparkContext context;
  private final long counterId;
  private final long total;
  private final ProgressDisplay display;
  private final Map<Long, Attempt> running = new HashMap<>();
  private final Set<Part> finished = new HashSet<>();
  private long finishedImages;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("spark-diffusion-progress"));

  private Progress(SparkContext context, long counterId, long total, ProgressDisplay display) {
    this.context = context;
    this.counterId = counterId;
    this.total = total;
    this.display = display;
  }

  /** What all attempts of one task have in common. */
  private record Part(int stage, int partition) {}

  /** A running task and how far it has come. */
  private record Attempt(Part part, long images) {}

  /** Begins to follow a counter and to show it. */
  public static Progress start(
      SparkContext context, long counterId, long total, ProgressDisplay display) {
    Progress progress = new Progress(context, counterId, total, display);
    context.addSparkListener(progress);
    long period = display.interval().toMillis();
    var unused =
        progress.clock.scheduleAtFixedRate(progress::show, period, period, TimeUnit.MILLISECONDS);
    return progress;
  }

  void show() {
    display.show(done(), total);
  }

  synchronized long done() {
    Map<Part, Long> underway = new HashMap<>();
    for (Attempt attempt : running.values()) {
      if (!finished.contains(attempt.part())) {
        underway.merge(attempt.part(), attempt.images(), Math::max);
      }
    }
    long images = underway.values().stream().mapToLong(Long::longValue).sum();
    long here = context.isLocal() ? GenerationCounters.imagesHere(counterId) : 0;
    return Math.min(total, Math.max(finishedImages + images, here));
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    Part part = new Part(start.stageId(), start.taskInfo().partitionId());
    running.put(start.taskInfo().taskId(), new Attempt(part, 0));
  }

  /** A heartbeat may come after its task's end, and then tells nothing new. */
  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    BothSparks.list(update.accumUpdates())
        .forEach(
            task -> {
              long images = images(task._4());
              running.computeIfPresent(
                  (Long) task._1(), (id, attempt) -> new Attempt(attempt.part(), images));
            });
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    running.remove(end.taskInfo().taskId());
    long images = images(end.taskInfo().accumulables());
    Part part = new Part(end.stageId(), end.taskInfo().partitionId());
    if (end.taskInfo().successful() && images > 0 && finished.add(part)) {
      finishedImages += images;
    }
  }

  /** What one task has added to the counter. */
  private long images(Seq<AccumulableInfo> values) {
    return BothSparks.list(values).stream()
        .filter(value -> value.id() == counterId && value.update().isDefined())
        .mapToLong(value -> ((Number) value.update().get()).longValue())
        .findFirst()
        .orElse(0);
  }

  @Override
  public void close() {
    clock.shutdownNow();
    context.removeSparkListener(this);
    display.end(done(), total);
  }
}
