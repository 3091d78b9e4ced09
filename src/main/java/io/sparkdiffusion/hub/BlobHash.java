package io.sparkdiffusion.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hash by which the hub knows a file: SHA-256 of a large one, git's SHA-1 of a small one. */
final class BlobHash {

  private BlobHash() {}

  /**
   * The hash of what has come, in hex.
   *
   * @param wanted whose etag tells which
   */
  static String of(Path file, HubFile wanted) throws IOException {
    boolean isSha256 = wanted.hasSha256();
    MessageDigest digest = digest(isSha256 ? "SHA-256" : "SHA-1");
    if (!isSha256) {
      // Git hashes a blob's size before its bytes (git-hash-object).
      digest.update("blob %s\0".formatted(Files.size(file)).getBytes(StandardCharsets.US_ASCII));
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has " + algorithm, e);
    }
  }
}
