package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A JVM of its own that fetches {@code org/tiny} as its environment says. It says that it is there,
 * and, after a line on its standard input, where the model is or why it is not.
 */
final class HubProcess {

  private HubProcess() {}

  /** The process has these variables alone. */
  static Process start(Map<String, String> variables) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            HubProcess.class.getName());
    builder.environment().clear();
    builder.environment().putAll(variables);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** What a process with these variables says at its end. */
  static String run(Map<String, String> variables) throws IOException, InterruptedException {
    Process process = start(variables);
    process.inputReader().readLine();
    letGo(process);
    return end(process);
  }

  static void letGo(Process process) throws IOException {
    process.outputWriter().write("go\n");
    process.outputWriter().flush();
  }

  static String end(Process process) throws IOException, InterruptedException {
    String said = process.inputReader().readLine();
    if (process.waitFor() != 0) {
      throw new IOException("the process has failed: " + said);
    }
    return said;
  }

  public static void main(String[] arguments) throws IOException {
    System.out.println("ready");
    if (System.in.read() < 0) {
      throw new IOException("the test has gone");
    }
    try {
      Hub hub = new Hub(HubEnvironment.ofProcess());
      Path snapshot = hub.fetch(hub.list(new HubId("org/tiny"), ""));
      System.out.println(Files.isDirectory(snapshot) ? snapshot : "no folder: " + snapshot);
    } catch (ProblemsException e) {
      System.out.println(e.getMessage());
    }
  }
}
