package io.sparkdiffusion.testing;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The local disk under {@code counted:/}, with a log of what is opened that several processes
 * share; its connection can break, and its listings can lie.
 */
public final class CountedFileSystem extends LocalDisk {

  private static final String SCHEME = "counted";
  private static final String LOG = "fs.counted.log";
  private static final String BREAKS_AFTER = "fs.counted.breaks.after";
  private static final String LIE = "fs.counted.lie";

  /** Makes the file system known to Hadoop, which then opens it anew each time. */
  public static void register(Configuration hadoop, java.nio.file.Path log) {
    hadoop.set("fs.counted.impl", CountedFileSystem.class.getName());
    hadoop.set("fs.counted.impl.disable.cache", "true");
    hadoop.set(LOG, log.toString());
  }

  /** Lets every file end in an error after so many bytes. */
  public static void breakAfter(Configuration hadoop, long bytes) {
    hadoop.setLong(BREAKS_AFTER, bytes);
  }

  /** Adds a path to each listing. */
  public static void lie(Configuration hadoop, String path) {
    hadoop.set(LIE, path);
  }

  /** The location of a local folder. */
  public static String locationOf(java.nio.file.Path folder) {
    return SCHEME + ":" + folder.toAbsolutePath();
  }

  /** The names of the opened files with their folders' names, sorted. */
  public static List<String> opened(java.nio.file.Path log) throws IOException {
    return Files.exists(log) ? Files.readAllLines(log).stream().sorted().toList() : List.of();
  }

  @Override
  String root() {
    return SCHEME + ":///";
  }

  @Override
  public FSDataInputStream open(Path file, int bufferBytes) throws IOException {
    Files.writeString(
        java.nio.file.Path.of(getConf().get(LOG)),
        file.getParent().getName() + "/" + file.getName() + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    long end = getConf().getLong(BREAKS_AFTER, Long.MAX_VALUE);
    return new FSDataInputStream(new Breaking(super.open(file, bufferBytes), end));
  }

  @Override
  public FileStatus[] listStatus(Path folder) throws IOException {
    FileStatus[] found = super.listStatus(folder);
    String lie = getConf().get(LIE);
    return lie == null
        ? found
        : Stream.concat(
                Arrays.stream(found), Stream.of(new FileStatus(1, false, 1, 1, 1, new Path(lie))))
            .toArray(FileStatus[]::new);
  }

  private static final class Breaking extends FSInputStream {

    private final FSDataInputStream in;
    private final long end;

    Breaking(FSDataInputStream in, long end) {
      this.in = in;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      throw new UnsupportedOperationException("byte by byte would take too long");
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (in.getPos() >= end) {
        throw new EOFException("the connection broke");
      }
      return in.read(into, offset, (int) Math.min(length, end - in.getPos()));
    }

    @Override
    public void seek(long position) throws IOException {
      in.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return in.getPos();
    }

    @Override
    public boolean seekToNewSource(long position) {
      return false;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
