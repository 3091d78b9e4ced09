package io.sparkdiffusion.util;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;

/**
 * What must hold before DJL loads a native library, libtorch or the tokenizers: it never goes to
 * the network, and it unpacks alone.
 */
public final class NativeLibraries {

  private NativeLibraries() {}

  /** Switches off DJL's downloads and its usage ping; what the user has set stays. */
  public static void stayOffline() {
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
    setIfAbsent("RUST_FLAVOR", "cpu");
  }

  /** Sets a property that the user has not. */
  public static void setIfAbsent(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  /**
   * Runs what may unpack native libraries, alone on this machine: two executors may start on one
   * host. A cache that cannot be written, as in an image, has what it has.
   *
   * @param cache DJL's folder of natives
   */
  public static <T> T unpacking(Path cache, Callable<T> load) throws Exception {
    stayOffline();
    Files.createDirectories(cache);
    synchronized (NativeLibraries.class) {
      if (!Files.isWritable(cache)) {
        return load.call();
      }
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
}
