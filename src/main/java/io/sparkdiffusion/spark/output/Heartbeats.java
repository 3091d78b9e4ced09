package io.sparkdiffusion.spark.output;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Time as a lock counts it. */
public interface Heartbeats {

  /** Waits for so many of them. */
  void await(int count) throws InterruptedException;

  /**
   * Does something with each one from now on.
   *
   * @return what ends that; it does not wait for one that is underway, nor interrupt it
   */
  Runnable start(Runnable beat);

  /** One in each such time, from now on. */
  static Heartbeats each(Duration interval) {
    return new Heartbeats() {
      @Override
      public void await(int count) throws InterruptedException {
        Thread.sleep(interval.multipliedBy(count).toMillis());
      }

      @Override
      public Runnable start(Runnable beat) {
        ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("spark-diffusion-lock"));
        long millis = interval.toMillis();
        var unused = clock.scheduleAtFixedRate(beat, millis, millis, TimeUnit.MILLISECONDS);
        return clock::shutdown;
      }
    };
  }
}
