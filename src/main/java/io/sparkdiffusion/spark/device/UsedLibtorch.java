package io.sparkdiffusion.spark.device;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.torch.TorchEngine;
import io.sparkdiffusion.torch.UnusableLibtorchException;
import java.util.function.Supplier;

/** The libtorch that the setting {@code libtorch_path} names, in the JVM that computes. */
public final class UsedLibtorch {

  private UsedLibtorch() {}

  /**
   * Chooses it, before anything else of libtorch is asked for.
   *
   * @throws ProblemsException with everything that is wrong with it
   */
  public static void choose(String path) {
    usable(() -> TorchEngine.use(Unpacked.find(path)));
  }

  /** What libtorch says of itself, as problems of the configuration. */
  public static <T> T usable(Supplier<T> work) {
    try {
      return work.get();
    } catch (UnusableLibtorchException e) {
      throw new ProblemsException(e.problems());
    }
  }
}
