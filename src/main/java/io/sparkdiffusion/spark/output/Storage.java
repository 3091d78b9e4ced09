package io.sparkdiffusion.spark.output;

import java.util.Set;
import org.apache.hadoop.fs.FileSystem;

/** What a file system promises, as its scheme says. */
enum Storage {
  /** A folder is renamed in one step, and a file created by one alone. */
  FILE_SYSTEM,
  /** A file appears whole once it is closed, nothing of it before; a rename copies. */
  OBJECT_STORE,
  /** Nothing that is known. */
  UNKNOWN;

  private static final Set<String> FILE_SYSTEMS = Set.of("file", "hdfs", "webhdfs", "swebhdfs");
  private static final Set<String> OBJECT_STORES = Set.of("s3", "s3a", "gs", "oss", "cosn", "obs");

  /** Looks a file system up. */
  public static Storage of(FileSystem files) {
    String scheme = files.getUri().getScheme();
    if (FILE_SYSTEMS.contains(scheme)) {
      return FILE_SYSTEM;
    }
    return OBJECT_STORES.contains(scheme) ? OBJECT_STORE : UNKNOWN;
  }
}
