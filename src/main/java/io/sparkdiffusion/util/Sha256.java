package io.sparkdiffusion.util;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 (FIPS 180-4). */
public final class Sha256 {

  private Sha256() {}

  /** Of a text in UTF-8, in hex. */
  public static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Of bytes, in hex. */
  public static String of(byte[] bytes) {
    return hex(digest(), bytes);
  }

  /** Of what a digest has had and some last bytes, in hex. */
  public static String hex(MessageDigest digest, byte... last) {
    return HexFormat.of().formatHex(digest.digest(last));
  }

  /** A new digest, for what comes piece by piece. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
