package io.sparkdiffusion.spark.device;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.torch.TorchEngine;
import io.sparkdiffusion.torch.UnusableLibtorchException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;

/** Starts libtorch beside Spark where this JVM makes the images: both take seconds. */
public final class EarlyEngine {

  private EarlyEngine() {}

  /**
   * Begins to start it in local mode; who needs it later waits for that. What Spark is still to
   * unpack is waited for.
   *
   * @param libtorchPath the setting, may be empty
   */
  public static void startBeside(SparkConf conf, String libtorchPath) {
    if (!conf.get("spark.master", "").startsWith("local") || !Files.exists(Path.of(libtorchPath))) {
      return;
    }
    Thread thread = new Thread(() -> start(libtorchPath), "spark-diffusion-engine");
    thread.setDaemon(true);
    thread.start();
  }

  private static void start(String libtorchPath) {
    try {
      UsedLibtorch.choose(libtorchPath);
      TorchEngine.version();
    } catch (ProblemsException | UnusableLibtorchException e) {
      return; // whoever needs it finds the same and says it
    }
  }
}
