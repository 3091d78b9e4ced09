package io.sparkdiffusion.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Samples this process's anonymous memory (RssAnon in {@code /proc/self/status}, Linux only): what
 * it has taken, without mapped files.
 */
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
      peakBytes = Math.max(peakBytes, anonymousBytes());
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
    return Math.max(peakBytes, anonymousBytes());
  }

  /** The value now. */
  static long anonymousBytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    running = false;
  }
}
