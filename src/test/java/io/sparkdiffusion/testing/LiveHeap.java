package io.sparkdiffusion.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a JVM's living objects take, once the serial collector has collected its garbage. */
public final class LiveHeap {

  private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin/jcmd");

  /** All that lives is moved there. */
  private static final Pattern TENURED =
      Pattern.compile("tenured generation\\s+total \\d+K, used (\\d+)K");

  private LiveHeap() {}

  /** Bytes now, nothing where the JVM has ended. */
  public static OptionalLong bytes(ProcessHandle jvm) throws IOException {
    jcmd(jvm, "GC.run");
    Matcher tenured = TENURED.matcher(jcmd(jvm, "GC.heap_info"));
    return tenured.find()
        ? OptionalLong.of(1024L * Long.parseLong(tenured.group(1)))
        : OptionalLong.empty();
  }

  private static String jcmd(ProcessHandle jvm, String command) throws IOException {
    Process process =
        new ProcessBuilder(JCMD.toString(), Long.toString(jvm.pid()), command)
            .redirectErrorStream(true)
            .start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
