package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** What the small commands beside the job share: one line of error and an exit code. */
final class Tool {

  private Tool() {}

  /** The standard output in UTF-8, whatever the terminal's language. */
  static PrintStream standardOutput() {
    return new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
  }

  /**
   * Runs a command.
   *
   * @param launcher the script that users know it by
   * @return its exit code
   */
  static int run(Object command, String launcher, PrintStream err, String... arguments) {
    return new CommandLine(command)
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(
            (problem, given) -> {
              err.println(Shown.line(Usage.of(problem, launcher)));
              return ExitCode.NOT_USABLE;
            })
        .setExecutionExceptionHandler(
            (failure, line, given) -> {
              if (failure instanceof ProblemsException problems) {
                problems.problems().forEach(err::println);
              } else {
                err.println(Shown.line(String.valueOf(failure.getMessage())));
              }
              return failure instanceof ProblemsException
                  ? ExitCode.NOT_USABLE
                  : ExitCode.JOB_FAILED;
            })
        .execute(arguments);
  }
}
