package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.TorchEngine;
import org.apache.spark.SparkConf;

/** Starts libtorch beside Spark where this JVM makes the pictures: both take seconds. */
public final class EarlyEngine {

  private EarlyEngine() {}

  /** Begins to start it in local mode; who needs it later waits for that. */
  public static void startBeside(SparkConf conf) {
    if (!conf.get("spark.master", "").startsWith("local")) {
      return;
    }
    Thread thread = new Thread(EarlyEngine::start, "spark-diffusion-engine");
    thread.setDaemon(true);
    thread.start();
  }

  private static void start() {
    try {
      TorchEngine.version();
    } catch (GraphException | LinkageError e) {
      return; // whoever needs it finds the same and says it
    }
  }
}
