package io.sparkdiffusion.util;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process has taken of the machine's memory: the Java heap, and on a CPU libtorch's
 * tensors.
 */
public final class ProcessMemory {

  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMemory() {}

  /** Whether this system tells it; Linux does. */
  public static boolean isKnown() {
    return Files.exists(STATUS);
  }

  /** Resident anonymous memory now (RssAnon), that is without mapped files; 0 where unknown. */
  public static long anonymousBytes() {
    if (!isKnown()) {
      return 0;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
