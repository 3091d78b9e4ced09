package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.spark.executor.LostDevice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorExcluded;
import org.apache.spark.scheduler.SparkListenerExecutorExcludedForStage;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerNodeExcluded;
import org.apache.spark.scheduler.SparkListenerNodeExcludedForStage;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Which executors and machines Spark has left out of a run because tasks failed on them ({@code
 * spark.excludeOnFailure.*}), and which have ended because their GPU was lost.
 */
public final class LeftOut extends SparkListener implements AutoCloseable {

  private static final Pattern LOST = Pattern.compile("\\b" + LostDevice.EXIT_CODE + "\\b");

  private final SparkContext context;
  private final Map<String, String> hosts = new HashMap<>();
  private final Map<String, String> reasons = new TreeMap<>();

  private LeftOut(SparkContext context) {
    this.context = context;
  }

  /** Follows what Spark leaves out from now on. */
  public static LeftOut of(SparkContext context) {
    LeftOut leftOut = new LeftOut(context);
    context.addSparkListener(leftOut);
    return leftOut;
  }

  /** Lines such as {@code executor 3 on gpu7: 2 tasks failed}, sorted; none where all is well. */
  public synchronized List<String> lines() {
    return reasons.entrySet().stream().map(one -> one.getKey() + ": " + one.getValue()).toList();
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    hosts.put(start.taskInfo().executorId(), start.taskInfo().host());
  }

  @Override
  public synchronized void onExecutorExcluded(SparkListenerExecutorExcluded excluded) {
    reasons.put(executor(excluded.executorId()), failed(excluded.taskFailures()));
  }

  @Override
  public synchronized void onExecutorExcludedForStage(
      SparkListenerExecutorExcludedForStage excluded) {
    reasons.putIfAbsent(executor(excluded.executorId()), failed(excluded.taskFailures()));
  }

  @Override
  public synchronized void onNodeExcluded(SparkListenerNodeExcluded excluded) {
    reasons.put("machine " + excluded.hostId(), failedExecutors(excluded.executorFailures()));
  }

  @Override
  public synchronized void onNodeExcludedForStage(SparkListenerNodeExcludedForStage excluded) {
    reasons.putIfAbsent(
        "machine " + excluded.hostId(), failedExecutors(excluded.executorFailures()));
  }

  @Override
  public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    if (LOST.matcher(removed.reason()).find()) {
      reasons.put(executor(removed.executorId()), "its GPU was lost, it has ended");
    }
  }

  private String executor(String id) {
    return "executor %s on %s".formatted(id, hosts.getOrDefault(id, "an unknown machine"));
  }

  private static String failed(int tasks) {
    return tasks == 1 ? "1 task failed" : tasks + " tasks failed";
  }

  private static String failedExecutors(int executors) {
    return executors == 1 ? "1 executor failed" : executors + " executors failed";
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
