package io.sparkdiffusion.testing;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** The local disk under {@code secretive:/}, which says of every file that it is empty. */
public final class SecretiveDisk extends LocalDisk {

  /** Makes the file system known to Hadoop. */
  public static void register(Configuration hadoop) {
    hadoop.set("fs.secretive.impl", SecretiveDisk.class.getName());
  }

  /** The location of a local file. */
  public static String locationOf(java.nio.file.Path file) {
    return "secretive:" + file.toAbsolutePath();
  }

  @Override
  String root() {
    return "secretive:///";
  }

  @Override
  public FileStatus getFileStatus(Path file) throws IOException {
    FileStatus status = super.getFileStatus(file);
    return new FileStatus(0, status.isDirectory(), 1, status.getBlockSize(), 0, status.getPath());
  }
}
