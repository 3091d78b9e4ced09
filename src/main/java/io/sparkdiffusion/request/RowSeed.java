package io.sparkdiffusion.request;

import io.sparkdiffusion.util.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The seed of a row that brings none: it depends on the job's seed and the row's id alone. */
final class RowSeed {

  private RowSeed() {}

  /** The first 4 bytes, unsigned and big-endian, of SHA-256 of {@code jobSeed:id} in UTF-8. */
  static long of(long jobSeed, String id) {
    byte[] hash = Sha256.digest().digest((jobSeed + ":" + id).getBytes(StandardCharsets.UTF_8));
    return Integer.toUnsignedLong(ByteBuffer.wrap(hash).getInt());
  }
}
