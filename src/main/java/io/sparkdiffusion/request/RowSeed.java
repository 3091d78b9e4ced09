package io.sparkdiffusion.request;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The seed of a row that brings none: it depends on the job's seed and the row's id alone. */
final class RowSeed {

  private RowSeed() {}

  /** The first 4 bytes, unsigned and big-endian, of SHA-256 of {@code jobSeed:id} in UTF-8. */
  static long of(long jobSeed, String id) {
    byte[] hash = sha256().digest((jobSeed + ":" + id).getBytes(StandardCharsets.UTF_8));
    return Integer.toUnsignedLong(ByteBuffer.wrap(hash).getInt());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
