package io.sparkdiffusion.pipeline;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * Counts where a pipeline's time goes. One thread at a time makes images and counts; who asks, on
 * any thread, waits for nobody.
 */
final class TimeKeeper {

  private final Duration opening;
  private final Supplier<Duration> loading;
  private final Supplier<Duration> compiling;
  private Duration inference = Duration.ZERO;
  private volatile PipelineTimes times;

  /** The begin of some inference, and what loading and compiling had taken then. */
  record Begin(long nanos, Duration prepared) {}

  /**
   * Begins to count.
   *
   * @param opening what it took to open the pipeline, without loading and compiling
   * @param loading what that has taken so far
   * @param compiling the same
   */
  TimeKeeper(Duration opening, Supplier<Duration> loading, Supplier<Duration> compiling) {
    this.opening = opening;
    this.loading = loading;
    this.compiling = compiling;
    this.times = now();
  }

  Begin begin() {
    return new Begin(System.nanoTime(), prepared());
  }

  /** Adds the time of some inference, without the loading and compiling amid it, and tells it. */
  Duration end(Begin begin) {
    Duration spent =
        Duration.ofNanos(System.nanoTime() - begin.nanos())
            .minus(prepared().minus(begin.prepared()));
    inference = inference.plus(spent);
    times = now();
    return spent;
  }

  private Duration prepared() {
    return loading.get().plus(compiling.get());
  }

  private PipelineTimes now() {
    return new PipelineTimes(opening.plus(loading.get()), compiling.get(), inference);
  }

  /** Where the time went, as of the last inference that has ended. */
  PipelineTimes times() {
    return times;
  }
}
