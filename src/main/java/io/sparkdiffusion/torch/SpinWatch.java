package io.sparkdiffusion.torch;

import io.sparkdiffusion.torch.ThreadTimes.Times;
import java.time.Duration;
import java.util.Optional;

/**
 * Lets OpenMP's threads hardly spin while other work takes processors from this process, and as
 * long as libgomp likes while none does: looks twice a second, to the end of the JVM.
 */
final class SpinWatch {

  /** Of the thread that looks. */
  static final String NAME = "openmp-watch";

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

  private final ThreadTimes times;
  private final Libgomp libgomp;
  private final int processors;
  private final int spareThreads;

  private Crowding crowding = Crowding.NONE;
  private Optional<SparePool> spare = Optional.empty();

  /**
   * Nothing is watched yet.
   *
   * @param processors on which this process may run
   * @param spareThreads how many threads a pool needs that keeps all others from spinning
   */
  SpinWatch(ThreadTimes times, Libgomp libgomp, int processors, int spareThreads) {
    this.times = times;
    this.libgomp = libgomp;
    this.processors = processors;
    this.spareThreads = spareThreads;
  }

  /** Begins, on a thread that does not keep the JVM. */
  void start() {
    Thread thread = new Thread(this::watch, NAME);
    thread.setDaemon(true);
    thread.start();
  }

  private void watch() {
    long looked = System.nanoTime();
    Times unused = times.sinceLastLook();
    try {
      while (true) {
        Thread.sleep(BETWEEN_LOOKS.toMillis());
        long now = System.nanoTime();
        look(times.sinceLastLook().lostProcessors(now - looked, processors));
        looked = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What follows from so many lost processors since the last look. */
  void look(double lostProcessors) {
    crowding = crowding.after(lostProcessors);
    if (crowding.isCrowded() && spare.isEmpty()) {
      spare = Optional.of(new SparePool(libgomp, spareThreads));
    } else if (!crowding.isCrowded() && spare.isPresent()) {
      spare.get().close();
      spare = Optional.empty();
    }
  }
}
