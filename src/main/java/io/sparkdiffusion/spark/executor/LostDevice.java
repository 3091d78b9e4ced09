package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.torch.BrokenDeviceException;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens where CUDA has lost a GPU for this process: every further call would fail, and the
 * task that failed leaves a free slot to which Spark gives the next one. So an executor ends, which
 * Spark replaces; its tasks are made again elsewhere. In local mode, where it would be the whole
 * run, the run fails with the reason.
 */
public final class LostDevice {

  /** How such an executor ends; Spark itself has 50 to 57 and 137 (SparkExitCode). */
  public static final int EXIT_CODE = 71;

  private static final Logger LOG = LoggerFactory.getLogger(LostDevice.class);

  /** The executor's id where the driver runs the tasks (SparkContext). */
  private static final String DRIVER = "driver";

  private static final long MOST_MILLIS = 20_000;

  private LostDevice() {}

  /**
   * Work on a device; where that is lost, its models are dropped.
   *
   * @throws BrokenDeviceException in local mode
   */
  static <T> T guard(String device, Supplier<T> work) {
    try {
      return work.get();
    } catch (BrokenDeviceException e) {
      LoadedGenerators.drop(device);
      SparkEnv spark = SparkEnv.get();
      if (isExecutorOfItsOwn(spark)) {
        endExecutor(spark, e);
      }
      throw e;
    }
  }

  /** Whether this JVM is an executor and not also the driver. */
  static boolean isExecutorOfItsOwn(SparkEnv spark) {
    return spark != null && !spark.executorId().equals(DRIVER);
  }

  /** Does not return: the task is lost with its executor, which counts as one failure of it. */
  private static void endExecutor(SparkEnv spark, BrokenDeviceException lost) {
    haltLater();
    String said =
        "Executor %s on %s ends, for Spark to start another one: %s"
            .formatted(
                spark.executorId(),
                spark.blockManager().blockManagerId().host(),
                lost.getMessage());
    LOG.error("{}", said);
    DiffusionPlugin.tellDriver(said);
    System.exit(EXIT_CODE);
  }

  /** Native code may wait for the GPU for ever, also when a process ends. */
  private static void haltLater() {
    Thread thread =
        new Thread(
            () -> {
              try {
                Thread.sleep(MOST_MILLIS);
              } catch (InterruptedException e) {
                LOG.debug("Ending at once", e);
              }
              Runtime.getRuntime().halt(EXIT_CODE);
            },
            "spark-diffusion-halt");
    thread.setDaemon(true);
    thread.start();
  }
}
