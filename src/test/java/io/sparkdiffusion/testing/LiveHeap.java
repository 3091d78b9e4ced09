package io.sparkdiffusion.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a JVM's living objects take, once it has collected its garbage. */
public final class LiveHeap {

  private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin/jcmd");

  /** The last line of the histogram: instances, then bytes. */
  private static final Pattern TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");

  private LiveHeap() {}

  /** Bytes now, nothing where the JVM has ended. */
  public static OptionalLong bytes(ProcessHandle jvm) throws IOException {
    Process histogram =
        new ProcessBuilder(JCMD.toString(), Long.toString(jvm.pid()), "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String printed = new String(histogram.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher total = TOTAL.matcher(printed);
    return total.find() ? OptionalLong.of(Long.parseLong(total.group(1))) : OptionalLong.empty();
  }
}
