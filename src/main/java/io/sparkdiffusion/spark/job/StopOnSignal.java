package io.sparkdiffusion.spark.job;

import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * On SIGTERM and SIGINT (Ctrl-C) drops the groups that a job has underway while Spark still is
 * there, and says how to go on. The JVM then ends with 128 plus the signal's number. Where Spark
 * ends the JVM, as it does when it cannot go on itself, it says that.
 */
public final class StopOnSignal implements AutoCloseable {

  /** Higher ones run first; Spark stops itself at 40. */
  private static final int PRIORITY = 100;

  private static final int SECONDS_TO_END = 25;

  private final GenerateJob job;
  private final PrintStream err;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable hook = this::stop;

  private StopOnSignal(GenerateJob job, PrintStream err) {
    this.job = job;
    this.err = err;
  }

  /** Watches until it is closed. */
  public static StopOnSignal watch(GenerateJob job, PrintStream err) {
    StopOnSignal watch = new StopOnSignal(job, err);
    ShutdownHookManager.get()
        .addShutdownHook(watch.hook, PRIORITY, SECONDS_TO_END + 5, TimeUnit.SECONDS);
    return watch;
  }

  private void stop() {
    job.stop();
    try {
      boolean hasEnded = ended.await(SECONDS_TO_END, TimeUnit.SECONDS);
      err.println(
          reason(Thread.getAllStackTraces())
              + (hasEnded
                  ? ": finished groups are kept; run the same command again to go on"
                  : " before everything was put away; run the same command again to go on"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The thread that ends a JVM waits for its hooks: a signal has one of its own. */
  static String reason(Map<Thread, StackTraceElement[]> threads) {
    return threads.values().stream()
        .flatMap(StopOnSignal::whoExits)
        .findFirst()
        .map("Failed: %s has ended the JVM"::formatted)
        .orElse("Stopped by a signal");
  }

  /** The class that has called {@link System#exit}. */
  private static Stream<String> whoExits(StackTraceElement[] stack) {
    return IntStream.range(0, stack.length - 1)
        .filter(i -> stack[i].getClassName().equals(System.class.getName()))
        .filter(i -> stack[i].getMethodName().equals("exit"))
        .mapToObj(i -> stack[i + 1].getClassName().replaceAll("\\$.*", ""));
  }

  /** The job has ended, well or not. */
  @Override
  public void close() {
    ended.countDown();
    ShutdownHookManager hooks = ShutdownHookManager.get();
    if (!hooks.isShutdownInProgress()) {
      hooks.removeShutdownHook(hook);
    }
  }
}
