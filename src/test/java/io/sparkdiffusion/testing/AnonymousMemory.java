package io.sparkdiffusion.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has taken of the machine's memory, without mapped files (Linux). */
public final class AnonymousMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String FIELD = "RssAnon:";

  private AnonymousMemory() {}

  /** Whether this system tells it. */
  public static boolean isKnown() {
    return Files.exists(STATUS);
  }

  /** RssAnon now. */
  public static long bytes() {
    try {
      String status = Files.readString(STATUS);
      int begin = status.indexOf(FIELD) + FIELD.length();
      return Long.parseLong(status.substring(begin, status.indexOf("kB", begin)).trim()) * 1024;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
