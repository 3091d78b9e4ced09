package io.sparkdiffusion.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What this process has taken of the machine's memory, without mapped files (Linux). */
public final class AnonymousMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String FIELD = "RssAnon:";
  private static final long HEAP_END = 32L << 30;

  /** The first line of a mapping in smaps: its first address, then its last. */
  private static final Pattern MAPPING = Pattern.compile("^([0-9a-f]+)-[0-9a-f]+ ");

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

  /**
   * The anonymous memory outside Java's heap, whose resident part comes and goes with collections.
   * A heap of a few GiB lies below 32 GiB, where compressed references reach it; libraries, stacks
   * and what native code takes lie above.
   */
  public static long bytesOutsideTheHeap() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/smaps"))) {
      long sum = 0;
      boolean outside = false;
      for (String line : (Iterable<String>) lines::iterator) {
        Matcher mapping = MAPPING.matcher(line);
        if (mapping.find()) {
          outside = Long.parseUnsignedLong(mapping.group(1), 16) >= HEAP_END;
        } else if (outside && line.startsWith("Anonymous:")) {
          sum += Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
      return sum;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
