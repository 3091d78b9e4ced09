package io.sparkdiffusion.weights;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A file in memory, in windows that begin every GiB and are twice as long, so that each of a
 * network's many tensors lies in one of few. A window stays as long as something reads it.
 *
 * <p>A mapped file that is cut while it is read ends the process by a signal. Where other machines
 * write to the file system, which gives no other sign of it, spans are copied instead.
 */
final class MappedFile {

  private static final long STEP = 1L << 30;

  private static final Set<String> SHARED =
      Set.of(
          "9p",
          "afs",
          "beegfs",
          "ceph",
          "cifs",
          "gfs2",
          "glusterfs",
          "gpfs",
          "lustre",
          "ncpfs",
          "nfs",
          "nfs4",
          "ocfs2",
          "smb3",
          "smbfs",
          "virtiofs");

  private final Path path;
  private final FileStamp stamp;
  private final boolean isCopied;
  private final Map<Long, WeakReference<MappedByteBuffer>> windows = new HashMap<>();

  /**
   * Maps nothing yet.
   *
   * @param stamp what the file was when it was checked
   */
  MappedFile(Path path, FileStamp stamp) {
    this(path, stamp, isShared(path));
  }

  /**
   * Reads nothing yet.
   *
   * @param isCopied whether spans are copied, not mapped
   */
  MappedFile(Path path, FileStamp stamp, boolean isCopied) {
    this.path = path;
    this.stamp = stamp;
    this.isCopied = isCopied;
  }

  private static boolean isShared(Path path) {
    try {
      return isShared(Files.getFileStore(path).type());
    } catch (IOException e) {
      // Some containers hide their mounts; any file system can be mapped.
      return false;
    }
  }

  /** Whether a file system of this type, as mount names it, may be written by other machines. */
  static boolean isShared(String type) {
    return type.startsWith("fuse.") || SHARED.contains(type);
  }

  Path path() {
    return path;
  }

  /**
   * The bytes of a span, below 2 GiB.
   *
   * @return a direct buffer, little-endian
   * @throws IOException where the file has changed since it was checked
   */
  synchronized ByteBuffer map(StoredTensor.Span span) throws IOException {
    if (isCopied) {
      return copied(span).order(ByteOrder.LITTLE_ENDIAN);
    }
    if (span.bytes() > STEP) {
      return mapped(span.begin(), span.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    long first = span.begin() / STEP * STEP;
    return window(first)
        .slice(Math.toIntExact(span.begin() - first), Math.toIntExact(span.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private MappedByteBuffer window(long first) throws IOException {
    WeakReference<MappedByteBuffer> known = windows.get(first);
    MappedByteBuffer window = known == null ? null : known.get();
    if (window == null) {
      window = mapped(first, Math.min(2 * STEP - 1, stamp.sizeBytes() - first));
      windows.put(first, new WeakReference<>(window));
    } else {
      requireUnchanged();
    }
    return window;
  }

  private MappedByteBuffer mapped(long begin, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      requireUnchanged();
      MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, begin, bytes);
      requireUnchanged();
      return mapped;
    }
  }

  private ByteBuffer copied(StoredTensor.Span span) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      requireUnchanged();
      ByteBuffer copy = ByteBuffer.allocateDirect(Math.toIntExact(span.bytes()));
      while (copy.hasRemaining()) {
        if (channel.read(copy, span.begin() + copy.position()) < 0) {
          throw new IOException("it ended at byte " + (span.begin() + copy.position()));
        }
      }
      return copy.flip();
    }
  }

  /**
   * Behind the file's opening, so that one put in its place meanwhile is not taken for it, and
   * behind the reading.
   *
   * @throws IOException where the file is not what was checked
   */
  void requireUnchanged() throws IOException {
    FileStamp now = FileStamp.of(path);
    if (!now.equals(stamp)) {
      throw new IOException("it was %s, now %s".formatted(stamp, now));
    }
  }
}
