package io.sparkdiffusion.weights;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * A file in memory, in windows that begin every GiB and are twice as long, so that each of a
 * network's many tensors lies in one of few. A window stays as long as something reads it.
 */
final class MappedFile {

  private static final long STEP = 1L << 30;

  private final Path path;
  private final FileStamp stamp;
  private final Map<Long, WeakReference<MappedByteBuffer>> windows = new HashMap<>();

  /**
   * Maps nothing yet.
   *
   * @param stamp what the file was when it was checked
   */
  MappedFile(Path path, FileStamp stamp) {
    this.path = path;
    this.stamp = stamp;
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
      return channel.map(FileChannel.MapMode.READ_ONLY, begin, bytes);
    }
  }

  /** Behind the file's opening, so that one put in its place meanwhile is not taken for it. */
  private void requireUnchanged() throws IOException {
    FileStamp now = FileStamp.of(path);
    if (!now.equals(stamp)) {
      throw new IOException("it was %s, now %s".formatted(stamp, now));
    }
  }
}
