package io.sparkdiffusion.spark.job;

import java.nio.file.Path;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * The folder that the launcher has made for Spark's blocks, which hold prompts: only its user can
 * look into it.
 */
public final class PrivateFolder {

  private static final String PROPERTY = "sparkdiffusion.local.dir";

  /** Lower ones run later; Spark stops, and removes its own files there, at 40. */
  private static final int PRIORITY = 5;

  private PrivateFolder() {}

  /** Removes it with the end of this JVM, where there is one. */
  public static void removeAtEnd() {
    String folder = System.getProperty(PROPERTY, "");
    if (!folder.isEmpty()) {
      ShutdownHookManager.get()
          .addShutdownHook(() -> FileUtil.fullyDelete(Path.of(folder).toFile()), PRIORITY);
    }
  }
}
