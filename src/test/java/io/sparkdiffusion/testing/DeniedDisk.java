package io.sparkdiffusion.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/**
 * The local disk under {@code denied:/} as it is for a user, whoever runs the tests, who must not
 * look at files called {@code hidden} nor open those called {@code locked}, as HDFS says it, and
 * {@code closed}, as the local disk does.
 */
public final class DeniedDisk extends LocalDisk {

  /** Makes the file system known to Hadoop, which then opens it anew each time. */
  public static void register(Configuration hadoop) {
    hadoop.set("fs.denied.impl", DeniedDisk.class.getName());
    hadoop.set("fs.denied.impl.disable.cache", "true");
  }

  /** The location of a local file. */
  public static String locationOf(java.nio.file.Path file) {
    return "denied:" + file.toAbsolutePath();
  }

  @Override
  String root() {
    return "denied:///";
  }

  @Override
  public FileStatus getFileStatus(Path file) throws IOException {
    if (file.getName().startsWith("hidden")) {
      throw new AccessControlException("Permission denied: user=fox, access=EXECUTE");
    }
    return super.getFileStatus(file);
  }

  @Override
  public FSDataInputStream open(Path file, int bufferBytes) throws IOException {
    if (file.getName().startsWith("locked")) {
      throw new AccessControlException("Permission denied: user=fox, access=READ");
    }
    if (file.getName().startsWith("closed")) {
      throw new FileNotFoundException(file.toUri().getPath() + " (Permission denied)");
    }
    return super.open(file, bufferBytes);
  }
}
