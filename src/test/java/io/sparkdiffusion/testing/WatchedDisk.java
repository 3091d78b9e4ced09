package io.sparkdiffusion.testing;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * The local disk under {@code watched:/}, where a test may wait or fail before a file is touched.
 */
public final class WatchedDisk extends LocalDisk {

  private static final Step NOTHING = file -> {};

  private static volatile Step beforeOpen = NOTHING;
  private static volatile Step beforeCreate = NOTHING;

  /** What happens before a file is touched. */
  @FunctionalInterface
  public interface Step {
    /** May wait, or fail in the file system's place. */
    void take(Path file) throws IOException;
  }

  /** Makes the file system known to Hadoop; nothing is watched yet. */
  public static void register(Configuration hadoop) {
    hadoop.set("fs.watched.impl", WatchedDisk.class.getName());
    beforeOpen = NOTHING;
    beforeCreate = NOTHING;
  }

  /** From now on this happens before a file is read. */
  public static void beforeOpen(Step step) {
    beforeOpen = step;
  }

  /** From now on this happens before a file is written. */
  public static void beforeCreate(Step step) {
    beforeCreate = step;
  }

  @Override
  String root() {
    return "watched:///";
  }

  @Override
  public FSDataInputStream open(Path file, int bufferBytes) throws IOException {
    beforeOpen.take(file);
    return super.open(file, bufferBytes);
  }

  @Override
  FSDataOutputStream created(Path file, boolean overwrite, Creation onDisk) throws IOException {
    beforeCreate.take(file);
    return super.created(file, overwrite, onDisk);
  }
}
