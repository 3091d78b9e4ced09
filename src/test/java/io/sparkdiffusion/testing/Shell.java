package io.sparkdiffusion.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What a bash said. */
public record Shell(int code, String out, String err) {

  private static final long MOST_SECONDS = 60;

  /** Runs a script with arguments to its end. */
  public static Shell bash(Map<String, String> variables, String script, String... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("spark-diffusion", ".out");
    Path err = Files.createTempFile("spark-diffusion", ".err");
    List<String> command = new ArrayList<>(List.of("bash", "-c", script, "bash"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(variables);
    Process process = builder.start();
    try {
      if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("Cannot wait for bash any longer: " + script);
      }
      return new Shell(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
      Files.delete(out);
      Files.delete(err);
    }
  }
}
