package io.sparkdiffusion.testing;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What processes have taken of the machine's memory, without mapped files (Linux). */
public final class AnonymousMemory {

  private static final String FIELD = "RssAnon:";

  /** A mapping's first line in {@code smaps}: addresses, then what is allowed in it. */
  private static final Pattern MAPPING = Pattern.compile("\\p{XDigit}+-\\p{XDigit}+ (\\S+) .*");

  private static final Pattern ANONYMOUS = Pattern.compile("Anonymous:\\s*(\\d+) kB");

  private AnonymousMemory() {}

  /** Whether this system tells it. */
  public static boolean isKnown() {
    return Files.exists(status());
  }

  private static Path status() {
    return Path.of("/proc/self/status");
  }

  /**
   * Gives back what is free and the C library keeps for later: taken again, it would not be seen
   * (glibc, malloc_trim).
   */
  public static void giveBackFree() {
    NativeLibrary.getInstance("c").getFunction("malloc_trim").invokeInt(new Object[] {0L});
  }

  /** RssAnon of this process now. */
  public static long bytes() {
    try {
      String status = Files.readString(status());
      int begin = status.indexOf(FIELD) + FIELD.length();
      return 1024L * Long.parseLong(status.substring(begin, status.indexOf("kB", begin)).trim());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * RssAnon of a JVM now, without the code that it has compiled: that alone lies where a process
   * may write and execute. Nothing where the process has ended.
   */
  public static OptionalLong bytesWithoutCompiledCode(ProcessHandle jvm) {
    try {
      long bytes = 0;
      boolean isCompiledCode = false;
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(jvm.pid()), "smaps"))) {
        Matcher mapping = MAPPING.matcher(line);
        Matcher anonymous = ANONYMOUS.matcher(line);
        if (mapping.matches()) {
          isCompiledCode = mapping.group(1).startsWith("rwx");
        } else if (anonymous.matches() && !isCompiledCode) {
          bytes += 1024L * Long.parseLong(anonymous.group(1));
        }
      }
      return bytes == 0 ? OptionalLong.empty() : OptionalLong.of(bytes);
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
