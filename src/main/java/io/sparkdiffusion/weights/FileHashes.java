package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** SHA-256 of files, in hex; a file that stays as it is, is read once in a JVM. */
final class FileHashes {

  /** Within its clock's resolution a file may change twice and show one time, as git knows. */
  private static final Duration SETTLED = Duration.ofSeconds(2);

  private static final int BLOCK_BYTES = 1 << 20;
  private static final ConcurrentMap<State, String> KNOWN = new ConcurrentHashMap<>();

  private FileHashes() {}

  /** What changes when a file is written or replaced; the key is its inode. */
  private record State(Path file, Object key, long bytes, FileTime modified) {}

  /**
   * The hash of a file.
   *
   * @throws ProblemsException where it cannot be read
   */
  static String of(Path file) {
    try {
      State state = state(file);
      boolean isSettled = state.modified().toInstant().isBefore(Instant.now().minus(SETTLED));
      return isSettled ? KNOWN.computeIfAbsent(state, any -> read(file)) : read(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static State state(Path file) throws IOException {
    Path real = file.toRealPath();
    BasicFileAttributes found = Files.readAttributes(real, BasicFileAttributes.class);
    return new State(real, found.fileKey(), found.size(), found.lastModifiedTime());
  }

  /**
   * The hash of what a file has from a byte on.
   *
   * @throws ProblemsException where it cannot be read
   */
  static String ofData(Path file, long start) {
    return read(file, start);
  }

  private static String read(Path file) {
    return read(file, 0);
  }

  private static String read(Path file, long start) {
    MessageDigest digest = Sha256.digest();
    try (InputStream plain = Files.newInputStream(file);
        InputStream in = new DigestInputStream(plain, digest)) {
      plain.skipNBytes(start);
      byte[] block = new byte[BLOCK_BYTES];
      while (in.read(block) >= 0) {
        // The stream feeds the digest.
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return Sha256.hex(digest);
  }

  private static ProblemsException unreadable(Path file, IOException e) {
    return new ProblemsException(
        "Cannot read %s: the file must be readable (%s)".formatted(file, e.getMessage()), e);
  }
}
