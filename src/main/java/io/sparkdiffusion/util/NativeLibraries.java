package io.sparkdiffusion.util;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * What must hold before DJL loads a native library, libtorch or the tokenizers: it never goes to
 * the network, and it unpacks alone, to one folder.
 */
public final class NativeLibraries {

  private NativeLibraries() {}

  /**
   * Switches off DJL's downloads and its usage ping, and has JNA unpack its own library to the same
   * cache, where that can be written; what the user has set stays.
   *
   * @param cache DJL's folder of natives
   */
  public static void prepare(Path cache) {
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
    setIfAbsent("RUST_FLAVOR", "cpu");
    try {
      Files.createDirectories(cache);
    } catch (IOException e) {
      return; // Whoever unpacks something says what is wrong.
    }
    if (Files.isWritable(cache)) {
      setIfAbsent("jna.tmpdir", cache.toString());
    }
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
   * @throws NativeCacheException where the folder is the reason that it fails
   */
  public static <T> T unpacking(Path cache, Callable<T> load) throws Exception {
    prepare(cache);
    try {
      Files.createDirectories(cache);
    } catch (IOException e) {
      throw NativeCacheException.unmade(cache, e);
    }
    synchronized (NativeLibraries.class) {
      try {
        return Files.isWritable(cache) ? alone(cache, load) : load.call();
      } catch (Exception | LinkageError e) {
        Optional<NativeCacheException> reason = NativeCacheException.of(cache, e);
        if (reason.isPresent()) {
          throw reason.get();
        }
        throw e;
      }
    }
  }

  private static <T> T alone(Path cache, Callable<T> load) throws Exception {
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
