package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import scala.util.Properties;

/**
 * A JVM of a Spark installation, with what it prints in a file. The installation is the one that
 * Maven resolves, or a stock one named by the property {@code sparkdiffusion.spark.home}.
 */
record SparkProcess(Process process, Path log) implements AutoCloseable {

  private static final Path HOME =
      Path.of(System.getProperty("sparkdiffusion.spark.home", "target/spark")).toAbsolutePath();

  /** For JVMs that live for half a minute, executors among them. */
  private static final String QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final Duration PATIENCE = Duration.ofMinutes(6);

  /**
   * Starts a main class.
   *
   * @param options of the JVM
   */
  static SparkProcess start(Path log, List<String> options, String mainClass, String... arguments)
      throws IOException {
    // A build in a shell's background ignores Ctrl-C, and so would what it starts.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
    command.addAll(options);
    command.addAll(List.of("-cp", HOME + "/jars/*", mainClass));
    command.addAll(Arrays.asList(arguments));
    return start(
        log,
        Map.of(
            "SPARK_HOME",
            HOME.toString(),
            "SPARK_SCALA_VERSION",
            scala(),
            "SPARK_LOCAL_IP",
            "127.0.0.1",
            "JAVA_TOOL_OPTIONS",
            QUICK_START,
            "OPT_OUT_TRACKING",
            "true",
            "RUST_FLAVOR",
            "cpu"),
        command);
  }

  /**
   * Starts a program.
   *
   * @param variables of its environment, beside this process's
   */
  static SparkProcess start(Path log, Map<String, String> variables, List<String> command)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    builder.environment().putAll(variables);
    builder.environment().remove("SPARK_CONF_DIR");
    return new SparkProcess(builder.start(), log);
  }

  /** The line of Scala of the Spark that the tests run on, as 2.12. */
  static String scala() {
    return Properties.versionNumberString().replaceFirst("\\.\\d+$", "");
  }

  /** The Spark installation. */
  static Path home() {
    return HOME;
  }

  /** Waits until it has printed what matches; the first group. */
  String awaitPrinted(String pattern) throws IOException, InterruptedException {
    Pattern expected = Pattern.compile(pattern);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end && process.isAlive()) {
      Matcher matcher = expected.matcher(Files.readString(log));
      if (matcher.find()) {
        return matcher.group(1);
      }
      Thread.sleep(50);
    }
    throw new AssertionError("never printed " + pattern + ":\n" + Files.readString(log));
  }

  /**
   * Waits for its end and returns the exit code; beyond 128, that plus the signal that ended it.
   */
  int await() throws IOException, InterruptedException {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      // It would keep the cluster from whoever comes next.
      close();
      throw new AssertionError("it must end within %s:%n%s".formatted(PATIENCE, printed()));
    }
    return process.exitValue();
  }

  /** Everything that it has printed. */
  String printed() throws IOException {
    return Files.readString(log);
  }

  String lastLine() throws IOException {
    return printed().lines().reduce("", (first, last) -> last);
  }

  /** The living processes that it has started and theirs. */
  Stream<ProcessHandle> descendants() {
    return process.descendants().filter(ProcessHandle::isAlive);
  }

  /** Sends a signal such as {@code INT}. */
  void signal(String name) throws IOException, InterruptedException {
    int done =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    assertThat(done).as("kill -%s", name).isZero();
  }

  /** {@code kill -9}, for it and all that it has started. */
  @Override
  public void close() {
    List<ProcessHandle> all = Stream.concat(descendants(), Stream.of(process.toHandle())).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(handle -> handle.onExit().join());
  }
}
