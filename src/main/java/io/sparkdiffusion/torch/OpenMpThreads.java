package io.sparkdiffusion.torch;

import com.sun.jna.NativeLibrary;
import io.sparkdiffusion.kernel.Processor;
import java.util.Map;

/**
 * How long libtorch's OpenMP threads spin at a barrier before they sleep. GNU's libgomp spins for
 * 300,000 rounds by default, up to 15 ms: on a machine that has other work, or under a quota of
 * processor time, a thread then holds the processor that the one it waits for needs. Some 0.1 ms is
 * enough for the gaps inside a graph (decision 0008).
 */
final class OpenMpThreads {

  /** As libgomp knows it; it reads its environment once, when it is loaded. */
  static final String SPIN_COUNT = "GOMP_SPINCOUNT";

  private static final String WAIT_POLICY = "OMP_WAIT_POLICY";

  private OpenMpThreads() {}

  /**
   * Limits the spinning in this process, before libgomp is loaded; what the user's environment says
   * wins.
   */
  static void limitSpinning() {
    if (isSettled(System.getenv())) {
      return;
    }
    try {
      int keepOthers = 0;
      Object[] arguments = {SPIN_COUNT, rounds(Processor.ofThisMachine()), keepOthers};
      int unused = NativeLibrary.getProcess().getFunction("setenv").invokeInt(arguments);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      // Without JNA's library only the speed on a busy machine is lost; the variable is documented.
    }
  }

  /**
   * A round is a pause: of 140 cycles on Intel's processors since Skylake, of some 50 elsewhere.
   */
  static String rounds(Processor processor) {
    return processor.vendor().equals("GenuineIntel") ? "2000" : "5000";
  }

  static boolean isSettled(Map<String, String> environment) {
    return environment.containsKey(SPIN_COUNT) || environment.containsKey(WAIT_POLICY);
  }
}
