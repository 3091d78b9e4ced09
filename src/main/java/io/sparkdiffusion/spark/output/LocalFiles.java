package io.sparkdiffusion.spark.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Files of the local disk, written as Hadoop's local file system writes them but for one thing:
 * without Hadoop's native library that starts a process, {@code chmod}, for every file, which takes
 * as long as several images' PNG.
 */
final class LocalFiles {

  private LocalFiles() {}

  /** Writes a file, or overwrites it, with Hadoop's permissions; makes the folders above it. */
  static void write(RawLocalFileSystem files, Path file, byte[] content) throws IOException {
    java.nio.file.Path path = files.pathToFile(file).toPath();
    if (!Files.isDirectory(path.getParent())) {
      files.mkdirs(file.getParent());
    }
    Files.write(path, content);
    if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(path, permissions(files));
    }
  }

  private static Set<PosixFilePermission> permissions(RawLocalFileSystem files) {
    FsPermission given =
        FsPermission.getFileDefault().applyUMask(FsPermission.getUMask(files.getConf()));
    return PosixFilePermissions.fromString(
        given.getUserAction().SYMBOL
            + given.getGroupAction().SYMBOL
            + given.getOtherAction().SYMBOL);
  }
}
