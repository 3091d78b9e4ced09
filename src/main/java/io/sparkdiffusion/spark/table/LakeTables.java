package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Folders whose files are a table only by a log beside them: rows that were deleted lie there. */
final class LakeTables {

  private static final Map<String, String> LOGS =
      Map.of("_delta_log", "Delta", "metadata/version-hint.text", "Iceberg");

  private LakeTables() {}

  /**
   * Refuses such a folder.
   *
   * @throws ProblemsException where it is one
   */
  static void refuse(String location, PromptPath path, Configuration hadoop) {
    if (!path.isLiteral()) {
      return;
    }
    Path folder = new Path(path.path());
    LOGS.forEach(
        (log, kind) -> {
          if (exists(new Path(folder, log), hadoop)) {
            throw new ProblemsException(
                "Cannot read prompts %s: a table of %s must be read by its name in a catalog, prompts=CATALOG.DB.TABLE (its folder)"
                    .formatted(location, kind));
          }
        });
  }

  private static boolean exists(Path path, Configuration hadoop) {
    try {
      FileSystem files = path.getFileSystem(hadoop);
      return files.exists(path);
    } catch (IOException e) {
      return false;
    }
  }
}
