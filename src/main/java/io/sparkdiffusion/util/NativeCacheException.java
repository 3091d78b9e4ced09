package io.sparkdiffusion.util;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The folder that native libraries are unpacked to cannot be used, with the setting for another.
 */
public final class NativeCacheException extends RuntimeException {

  /** What glibc says where a library lies on a file system that is mounted with noexec. */
  private static final String NO_EXEC = "failed to map segment";

  private NativeCacheException(String rule, Path cache, Throwable cause) {
    super(
        "Cannot load native libraries: %s %s; ENGINE_CACHE_DIR (or DJL_CACHE_DIR) names another folder (%s)"
            .formatted(cache, rule, cause),
        cause);
  }

  /** Makes the folder where it is missing. */
  static NativeCacheException unmade(Path cache, IOException cause) {
    return new NativeCacheException("must be a folder that can be made", cache, cause);
  }

  /** What a failure to unpack or load says of the folder, if anything. */
  static Optional<NativeCacheException> of(Path cache, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnsatisfiedLinkError
          && String.valueOf(cause.getMessage()).contains(NO_EXEC)) {
        String rule = "must be on a file system that lets programs run, not mounted with noexec";
        return Optional.of(new NativeCacheException(rule, cache, cause));
      }
      if (cause instanceof IOException) {
        String rule = "must be writable and have 500 MB free, unless they are there already";
        return Optional.of(new NativeCacheException(rule, cache, cause));
      }
    }
    return Optional.empty();
  }
}
