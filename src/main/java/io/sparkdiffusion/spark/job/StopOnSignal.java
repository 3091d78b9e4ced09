package io.sparkdiffusion.spark.job;

import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * On SIGTERM and SIGINT (Ctrl-C) drops the groups that a job has underway while Spark still is
 * there, and says how to go on. The JVM then ends with 128 plus the signal's number.
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
          hasEnded
              ? "Stopped by a signal: finished groups are kept; run the same command again to go on"
              : "Stopped by a signal before everything was put away; run the same command again to"
                  + " go on");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
