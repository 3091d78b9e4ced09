package io.sparkdiffusion.spark.device;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/**
 * Folders that Spark has unpacked from {@code --archives FILE#NAME}, which a process has as {@code
 * NAME}: an executor, and a driver that YARN runs, in its working directory; a driver that computes
 * itself elsewhere.
 */
public final class Unpacked {

  private Unpacked() {}

  /** A relative path's folder in this process; the path itself where there is none. */
  public static String find(String path) {
    if (path.isEmpty() || Files.exists(Path.of(path)) || SparkEnv.get() == null) {
      return path;
    }
    Path unpacked = Path.of(SparkFiles.getRootDirectory()).resolve(path).normalize();
    return Files.exists(unpacked) ? unpacked.toString() : path;
  }
}
