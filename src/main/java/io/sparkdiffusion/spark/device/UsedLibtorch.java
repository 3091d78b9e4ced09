package io.sparkdiffusion.spark.device;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.torch.TorchEngine;
import io.sparkdiffusion.torch.UnusableLibtorchException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/** The libtorch that the setting {@code libtorch_path} names, in the JVM that computes. */
public final class UsedLibtorch {

  private UsedLibtorch() {}

  /**
   * Chooses it, before anything else of libtorch is asked for.
   *
   * @throws ProblemsException with everything that is wrong with it
   */
  public static void choose(String path) {
    usable(() -> TorchEngine.use(found(path)));
  }

  /**
   * Spark unpacks {@code --archives} in an executor's working directory, but those of a driver that
   * computes itself elsewhere.
   */
  private static String found(String path) {
    if (path.isEmpty() || Files.exists(Path.of(path)) || SparkEnv.get() == null) {
      return path;
    }
    Path unpacked = Path.of(SparkFiles.getRootDirectory()).resolve(path).normalize();
    return Files.exists(unpacked) ? unpacked.toString() : path;
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
