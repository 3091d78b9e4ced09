package io.sparkdiffusion.torch;

import com.sun.jna.NativeLibrary;
import io.sparkdiffusion.kernel.Processor;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;

/**
 * How long libtorch's OpenMP threads spin at a barrier before they sleep. GNU's libgomp lets them
 * for 300,000 rounds, up to 15 ms. On an idle machine that is the fastest; on one that has other
 * work, or under a quota of processor time, a thread then holds the processor that the one it waits
 * for needs (decision 0008).
 */
final class OpenMpThreads {

  /** As libgomp knows it; it reads its environment once, when it is loaded. */
  static final String SPIN_COUNT = "GOMP_SPINCOUNT";

  private static final String WAIT_POLICY = "OMP_WAIT_POLICY";

  // Bytes of a set of processors, a bit each.
  private static final int SET_BYTES = 1024;

  /** Who says how long they spin. */
  enum Spinning {
    /** The user's environment. */
    AS_SET,
    /** This process, before libgomp is loaded: some 0.1 ms. */
    LITTLE,
    /** The load: as long as libgomp lets them, and hardly while other work takes processors. */
    BY_LOAD
  }

  private final Spinning spinning;
  private final Optional<ThreadTimes> times;
  private final int threads;
  private final int processors;

  private OpenMpThreads(
      Spinning spinning, Optional<ThreadTimes> times, int threads, int processors) {
    this.spinning = spinning;
    this.times = times;
    this.threads = threads;
    this.processors = processors;
  }

  /**
   * Decides for this process, before libgomp is loaded.
   *
   * @param threads how many compute together
   */
  static OpenMpThreads beforeLoading(int threads) {
    Optional<ThreadTimes> times = ThreadTimes.of(ThreadTimes.THREADS);
    int processors = processors();
    Spinning spinning = spinning(System.getenv(), threads, processors, times.isPresent());
    if (spinning == Spinning.LITTLE) {
      limitSpinning();
    }
    return new OpenMpThreads(spinning, times, threads, processors);
  }

  /** Follows the load from now on, where that was decided. */
  void afterLoading() {
    if (spinning == Spinning.BY_LOAD) {
      Libgomp.ofThisProcess().ifPresent(libgomp -> watch(libgomp).start());
    }
  }

  private SpinWatch watch(Libgomp libgomp) {
    return new SpinWatch(
        times.orElseThrow(), libgomp, processors, spareThreads(threads, processors));
  }

  /**
   * Who says how long they spin: the user where the environment does. A process that computes on
   * few of the machine's processors would need many spare threads.
   */
  static Spinning spinning(
      Map<String, String> environment, int threads, int processors, boolean countsTimes) {
    if (environment.containsKey(SPIN_COUNT) || environment.containsKey(WAIT_POLICY)) {
      return Spinning.AS_SET;
    }
    boolean needsFew = spareThreads(threads, processors) <= threads;
    return countsTimes && threads > 1 && threads <= processors && needsFew
        ? Spinning.BY_LOAD
        : Spinning.LITTLE;
  }

  /** How large a spare pool makes one thread more than there are processors. */
  static int spareThreads(int threads, int processors) {
    return processors - threads + 2;
  }

  /**
   * A round is a pause: of 140 cycles on Intel's processors since Skylake, of some 50 elsewhere.
   */
  static String rounds(Processor processor) {
    return processor.vendor().equals("GenuineIntel") ? "2000" : "5000";
  }

  private static void limitSpinning() {
    try {
      int keepOthers = 0;
      Object[] arguments = {SPIN_COUNT, rounds(Processor.ofThisMachine()), keepOthers};
      int unused = NativeLibrary.getProcess().getFunction("setenv").invokeInt(arguments);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      // Without JNA's library only the speed on a busy machine is lost; the variable is documented.
    }
  }

  /** How many processors this process may run on, as libgomp counts: without quotas; 0: unknown. */
  static int processors() {
    try {
      byte[] set = new byte[SET_BYTES];
      int ofThisThread = 0;
      Object[] arguments = {ofThisThread, set.length, set};
      int failed = NativeLibrary.getProcess().getFunction("sched_getaffinity").invokeInt(arguments);
      return failed == 0 ? BitSet.valueOf(set).cardinality() : 0;
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      return 0;
    }
  }
}
