package io.sparkdiffusion.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What processes have taken of the machine's memory, without mapped files (Linux). */
public final class AnonymousMemory {

  private static final String FIELD = "RssAnon:";

  private AnonymousMemory() {}

  /** Whether this system tells it. */
  public static boolean isKnown() {
    return Files.exists(status("self"));
  }

  private static Path status(String process) {
    return Path.of("/proc", process, "status");
  }

  /** RssAnon of this process now. */
  public static long bytes() {
    try {
      return bytes(status("self"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** RssAnon of another process now, nothing where it has ended. */
  public static OptionalLong bytes(ProcessHandle process) {
    try {
      return OptionalLong.of(bytes(status(Long.toString(process.pid()))));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  private static long bytes(Path file) throws IOException {
    String status = Files.readString(file);
    int begin = status.indexOf(FIELD) + FIELD.length();
    return Long.parseLong(status.substring(begin, status.indexOf("kB", begin)).trim()) * 1024;
  }
}
