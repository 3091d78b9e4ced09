package io.sparkdiffusion.spark.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A run's right to write to its output folder, which it has as long as the folder's lock begins
 * with its name. Whoever stood still, or outlived the driver, may have lost it without notice, so
 * it is looked at right before anything gets the name under which readers find it.
 *
 * @param lockFile the folder's lock, empty where nobody else can write
 * @param holder the name of the run
 */
public record OutputHold(String lockFile, String holder) implements Serializable {

  /**
   * Where a heartbeat cannot replace the file in one step, it may be empty or gone for a moment.
   */
  private static final int LOOKS = 5;

  private static final long PAUSE_MILLIS = 100;

  /** Of results that are written to no folder. */
  public static final OutputHold UNSHARED = new OutputHold("", "");

  /**
   * Makes sure of it.
   *
   * @throws LostOutputException where another run has the folder, or had it and has ended
   */
  public void require(Configuration hadoop) throws IOException {
    if (!lockFile.isEmpty()) {
      require(new Path(lockFile).getFileSystem(hadoop));
    }
  }

  /** The same on the folder's file system. */
  public void require(FileSystem files) throws IOException {
    if (lockFile.isEmpty()) {
      return;
    }
    String found = "";
    for (int look = 0; look < LOOKS && !found.endsWith("\n"); look++) {
      if (look > 0) {
        pause();
      }
      found = read(files);
    }
    if (!isHolder(found)) {
      throw new LostOutputException(lockFile, found.strip());
    }
  }

  /** Whether a lock that reads like this is the run's. */
  public boolean isHolder(String lock) {
    return lock.startsWith(holder + " ");
  }

  /** What is said of a run that has lost it. */
  public LostOutputException lost(FileSystem files) throws IOException {
    return new LostOutputException(lockFile, read(files).strip());
  }

  /**
   * The run that holds the lock and its heartbeat, empty where the file is gone. S3's client
   * refuses to read a file that a heartbeat has replaced since it was found.
   */
  public String read(FileSystem files) throws IOException {
    for (int look = 1; look < LOOKS; look++) {
      try {
        return readOnce(files);
      } catch (IOException e) {
        pause();
      }
    }
    return readOnce(files);
  }

  private String readOnce(FileSystem files) throws IOException {
    try (FSDataInputStream in = files.open(new Path(lockFile))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (FileNotFoundException e) {
      return "";
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the lock of the output was read");
    }
  }
}
