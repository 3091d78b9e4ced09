package io.sparkdiffusion.testing;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local disk under the scheme {@code full}, with room for a number of bytes. */
public final class FullDisk extends RawLocalFileSystem {

  private static final AtomicLong ROOM = new AtomicLong(Long.MAX_VALUE);

  /** From now on so many bytes can be written. */
  public static void setRoom(long bytes) {
    ROOM.set(bytes);
  }

  /** How many bytes can still be written. */
  public static long room() {
    return ROOM.get();
  }

  @Override
  public URI getUri() {
    return URI.create("full:///");
  }

  @Override
  public String getScheme() {
    return "full";
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(super.create(file, overwrite, bufferSize, replication, blockSize, progress));
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(
        super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress));
  }

  private static FSDataOutputStream limited(OutputStream disk) throws IOException {
    return new FSDataOutputStream(new Limited(disk), null);
  }

  private static final class Limited extends FilterOutputStream {

    Limited(OutputStream disk) {
      super(disk);
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      long before = ROOM.getAndUpdate(room -> Math.max(0, room - length));
      out.write(bytes, offset, (int) Math.min(length, before));
      if (before < length) {
        throw new IOException("No space left on device");
      }
    }
  }
}
