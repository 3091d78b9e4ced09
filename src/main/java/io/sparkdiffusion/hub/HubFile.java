package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * A file of a repository.
 *
 * @param name its path in the repository
 * @param etag the SHA-256 of a large file, git's SHA-1 of a small one, in hex; empty where it is
 *     not known
 * @param bytes its size, -1 where it is not known
 */
public record HubFile(String name, String etag, long bytes) implements Serializable {

  private static final int SHA256_DIGITS = 64;
  private static final List<String> OUTSIDE = List.of("", ".", "..");

  /** What the hub says is not trusted: a name must not lead out of the cache. */
  public HubFile {
    boolean isInside =
        name.matches("[^\\\\\\p{Cntrl}]+")
            && Arrays.stream(name.split("/", -1)).noneMatch(OUTSIDE::contains);
    if (!isInside) {
      throw new ProblemsException(
          "Cannot download from the hub: a file's name must stay in its repository (%s)"
              .formatted(Shown.text(name)));
    }
    if (!etag.isEmpty() && !isEtag(etag)) {
      throw new ProblemsException(
          "Cannot download %s: the hub must give its SHA-256 or git SHA-1 (ETag %s)"
              .formatted(name, etag));
    }
  }

  /** True for a SHA-256 or a SHA-1 in hex. */
  static boolean isEtag(String text) {
    return text.matches("[0-9a-f]{40}|[0-9a-f]{64}");
  }

  /** Whether the etag is a SHA-256, else it is git's SHA-1. */
  public boolean hasSha256() {
    return etag.length() == SHA256_DIGITS;
  }

  /** Whether the etag is git's SHA-1. */
  boolean hasSha1() {
    return !etag.isEmpty() && !hasSha256();
  }

  /** True where it can be checked once it is there. */
  boolean isKnown() {
    return !etag.isEmpty() && bytes >= 0;
  }
}
