package io.sparkdiffusion.torch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How long a process's threads have run and have waited for a processor, as Linux counts it. */
final class ThreadTimes {

  /** The threads of this process, a folder each. */
  static final Path THREADS = Path.of("/proc/self/task");

  // A thread's schedstat: nanoseconds on a processor, nanoseconds of waiting for one, turns.
  private static final String FILE = "schedstat";
  private static final int RAN = 0;
  private static final int WAITED = 1;

  /**
   * What some threads have done together.
   *
   * @param ranNanos on processors
   * @param waitedNanos for a processor, although they could run
   */
  record Times(long ranNanos, long waitedNanos) {

    private static final Times NONE = new Times(0, 0);

    private Times plus(Times other) {
      return new Times(ranNanos + other.ranNanos, waitedNanos + other.waitedNanos);
    }

    private Times minus(Times other) {
      return new Times(ranNanos - other.ranNanos, waitedNanos - other.waitedNanos);
    }

    /**
     * How many processors others had on average while a thread of these waited for one. What the
     * threads take from each other, such as the JVM's compiler, does not count.
     */
    double lostProcessors(long elapsedNanos, int processors) {
      long othersOrNobodys = Math.max(0, processors * elapsedNanos - ranNanos);
      return (double) Math.min(waitedNanos, othersOrNobodys) / elapsedNanos;
    }
  }

  private final Path threads;
  private Map<String, Times> last = Map.of();

  private ThreadTimes(Path threads) {
    this.threads = threads;
  }

  /** Those of the process with these threads; empty where the system does not count. */
  static Optional<ThreadTimes> of(Path threads) {
    ThreadTimes times = new ThreadTimes(threads);
    Times unused = times.sinceLastLook();
    boolean isCounted = times.last.values().stream().anyMatch(time -> time.waitedNanos() > 0);
    return isCounted ? Optional.of(times) : Optional.empty();
  }

  /** Since the last look; a thread counts from the second look at it. */
  Times sinceLastLook() {
    Map<String, Times> now = new HashMap<>();
    Times sum = Times.NONE;
    for (String thread : names()) {
      Optional<Times> times = read(thread);
      if (times.isPresent()) {
        now.put(thread, times.get());
        sum = sum.plus(times.get().minus(last.getOrDefault(thread, times.get())));
      }
    }
    last = now;
    return sum;
  }

  private String[] names() {
    String[] names = threads.toFile().list();
    return names == null ? new String[0] : names;
  }

  /** Nothing of a thread that has ended meanwhile. */
  private Optional<Times> read(String thread) {
    try {
      String[] counts = Files.readString(threads.resolve(thread).resolve(FILE)).split("\\s+", -1);
      return counts.length > WAITED
          ? Optional.of(new Times(Long.parseLong(counts[RAN]), Long.parseLong(counts[WAITED])))
          : Optional.empty();
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
