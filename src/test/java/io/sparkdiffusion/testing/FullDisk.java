package io.sparkdiffusion.testing;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** The local disk under the scheme {@code full}, with room for a number of bytes. */
public final class FullDisk extends LocalDisk {

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
  String root() {
    return "full:///";
  }

  @Override
  FSDataOutputStream created(Path file, boolean overwrite, Creation onDisk) throws IOException {
    return new FSDataOutputStream(new Limited(onDisk.create()), null);
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
