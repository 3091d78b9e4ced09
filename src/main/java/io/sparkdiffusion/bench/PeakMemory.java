package io.sparkdiffusion.bench;

import io.sparkdiffusion.graph.ProcessMemory;

/** Samples this process's anonymous memory: what it has taken, without mapped files. */
final class PeakMemory implements AutoCloseable {

  private static final long PERIOD_MILLIS = 20;

  private final Thread sampler = new Thread(this::sample, "peak-memory");
  private volatile boolean running = true;
  private volatile long peakBytes;

  PeakMemory() {
    sampler.setDaemon(true);
    sampler.start();
  }

  private void sample() {
    while (running) {
      peakBytes = Math.max(peakBytes, ProcessMemory.anonymousBytes());
      try {
        Thread.sleep(PERIOD_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** The largest value seen so far. */
  long peakBytes() {
    return Math.max(peakBytes, ProcessMemory.anonymousBytes());
  }

  @Override
  public void close() {
    running = false;
  }
}
