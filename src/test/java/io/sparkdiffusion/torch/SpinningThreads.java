package io.sparkdiffusion.torch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Starts libtorch in a JVM of its own and says what becomes of OpenMP's waiting threads there. */
final class SpinningThreads {

  private static final String TEAM = "openmp-team";
  private static final int REGIONS = 15;
  private static final long BETWEEN_REGIONS_MILLIS = 40;
  private static final long MOST_MILLIS = 20_000;

  private SpinningThreads() {}

  /**
   * Says whether the load is watched; where it is not, also how a team's waiting thread fares
   * before other work takes the processors, meanwhile and afterwards.
   */
  public static void main(String[] none) throws InterruptedException {
    TorchEngine.start();
    boolean isWatched =
        Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().equals(SpinWatch.NAME) && thread.isDaemon());
    System.out.println(isWatched ? "watched" : "not watched");
    if (!isWatched) {
      Thread team = new Thread(SpinningThreads::compare, TEAM);
      team.start();
      team.join();
    }
  }

  private static void compare() {
    Libgomp libgomp = Libgomp.ofThisProcess().orElseThrow();
    int processors = OpenMpThreads.processors();
    int spareThreads = OpenMpThreads.spareThreads(2, processors);
    ThreadTimes times = ThreadTimes.of(ThreadTimes.THREADS).orElseThrow();
    SpinWatch watch = new SpinWatch(times, libgomp, processors, spareThreads);
    long before = spinNanos(libgomp);
    for (int look = 0; look < Crowding.LOOKS_OF_CROWD; look++) {
      watch.look(2);
    }
    awaitSpare(spareThreads);
    long meanwhile = spinNanos(libgomp);
    watch.look(2); // makes no second pool
    awaitSpare(spareThreads);
    for (int look = 0; look < Crowding.LOOKS_OF_CALM; look++) {
      watch.look(0);
    }
    awaitSpare(0);
    long afterwards = spinNanos(libgomp);
    System.out.printf("%,d, %,d and %,d ns%n", before, meanwhile, afterwards);
    System.out.printf(
        "%s, then %s%n",
        before > 4 * meanwhile ? "spins, then sleeps" : "no difference",
        afterwards > before / 2 ? "spins" : "sleeps");
  }

  /**
   * What the team takes of the processors with nothing to do but to wait, from one region to the
   * next: the median, since a virtual machine that stands still now and then counts that too.
   */
  private static long spinNanos(Libgomp libgomp) {
    libgomp.runEmptyRegion(2);
    long[] nanos = new long[REGIONS];
    long begin = teamNanos();
    for (int region = 0; region < REGIONS; region++) {
      pause(BETWEEN_REGIONS_MILLIS);
      libgomp.runEmptyRegion(2);
      long end = teamNanos();
      nanos[region] = end - begin;
      begin = end;
    }
    Arrays.sort(nanos);
    return nanos[REGIONS / 2];
  }

  private static long teamNanos() {
    return threads(TEAM).stream()
        .mapToLong(thread -> Long.parseLong(read(thread.resolve("schedstat")).split(" ", -1)[0]))
        .sum();
  }

  private static void awaitSpare(int threads) {
    long end = System.nanoTime() + MOST_MILLIS * 1_000_000;
    while (threads(SparePool.NAME).size() != threads) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(threads(SparePool.NAME) + " are not " + threads);
      }
      pause(1);
    }
  }

  /** Those of libgomp are called as the thread that made them. */
  private static List<Path> threads(String name) {
    try (Stream<Path> threads = Files.list(ThreadTimes.THREADS)) {
      return threads.filter(thread -> read(thread.resolve("comm")).strip().equals(name)).toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Nothing where the thread has ended. */
  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
