package io.sparkdiffusion.graph;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;

/**
 * libtorch inside this JVM, started once. It never goes to the network: DJL's own downloads and its
 * usage ping are switched off before it is touched.
 */
public final class TorchEngine {

  private static final String THREADS = "ai.djl.pytorch.num_threads";

  private TorchEngine() {}

  /** Starts libtorch on first use. */
  static Engine start() {
    return Holder.ENGINE;
  }

  static PtNDManager newManager(ai.djl.Device device) {
    return (PtNDManager) start().newBaseManager(device);
  }

  /** The version of libtorch that runs, such as {@code 2.7.1}. */
  public static String version() {
    return start().getVersion();
  }

  /** The number of threads that one operation uses. */
  public static int threads() {
    start();
    return Integer.getInteger(THREADS);
  }

  /**
   * How many threads one operation shall use; only before libtorch is started, and where the user
   * has not set {@code ai.djl.pytorch.num_threads}.
   */
  public static void useThreads(int threads) {
    setIfAbsent(THREADS, Integer.toString(threads));
  }

  /** Settings that DJL reads once; those that the user has given stay. */
  public static void prepare() {
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
    setIfAbsent("RUST_FLAVOR", "cpu");
    setIfAbsent("ai.djl.pytorch.graph_optimizer", "false");
    setIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
    setIfAbsent(THREADS, Integer.toString(Runtime.getRuntime().availableProcessors()));
  }

  private static void setIfAbsent(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  /**
   * Runs what may unpack native libraries, alone on this machine: two executors may start on one
   * host.
   */
  public static <T> T unpacking(Callable<T> load) throws Exception {
    prepare();
    Path cache = Utils.getEngineCacheDir();
    Files.createDirectories(cache);
    synchronized (TorchEngine.class) {
      try (FileChannel channel =
              FileChannel.open(
                  cache.resolve("spark-diffusion.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (!lock.isValid()) {
          throw new IOException("the lock was lost");
        }
        return load.call();
      }
    }
  }

  private static final class Holder {
    static final Engine ENGINE = load();

    private static Engine load() {
      OpenMpThreads.limitSpinning();
      try {
        return unpacking(() -> Engine.getEngine("PyTorch"));
      } catch (Exception e) {
        throw new GraphException(
            "Cannot start libtorch: its natives must be in the job's jar and %s writable (%s)"
                .formatted(Utils.getEngineCacheDir(), e),
            e);
      }
    }
  }
}
