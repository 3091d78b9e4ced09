package io.sparkdiffusion.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Closes a stream of which nothing has come for a while, so that its reader goes on. */
final class SilenceGuard implements AutoCloseable {

  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "spark-diffusion-silence");
            thread.setDaemon(true);
            return thread;
          });

  private final InputStream guarded;
  private final long mostNanos;
  private final ScheduledFuture<?> looking;
  private volatile long lastNanos = System.nanoTime();

  /** Guards until it is closed. */
  SilenceGuard(InputStream guarded, Duration most) {
    this.guarded = guarded;
    this.mostNanos = most.toNanos();
    long period = Math.max(1, mostNanos / 4);
    this.looking = CLOCK.scheduleWithFixedDelay(this::look, period, period, TimeUnit.NANOSECONDS);
  }

  /** Something has come. */
  void heard() {
    lastNanos = System.nanoTime();
  }

  private void look() {
    if (System.nanoTime() - lastNanos > mostNanos) {
      try {
        guarded.close();
      } catch (IOException e) {
        // Its reader learns that it is closed.
      }
    }
  }

  @Override
  public void close() {
    looking.cancel(false);
  }
}
