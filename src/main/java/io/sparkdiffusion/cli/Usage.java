package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.JobConfig;
import java.util.List;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is wrong with a command line, in one line that repeats no value: it may be a prompt. */
public final class Usage {

  private Usage() {}

  /** The line for a command that has settings. */
  public static String ofJob(ParameterException problem) {
    String help = "; see jobs/generate --help";
    if (!(problem instanceof UnmatchedArgumentException unmatched)) {
      return problem.getMessage() + help;
    }
    String option = option(unmatched.getUnmatched());
    return JobConfig.adviceOn(option)
        .map(
            fix ->
                "Cannot use %s: settings are key=value without dashes, %s%s"
                    .formatted(option, fix, help))
        .orElseGet(
            () -> "Unknown option: '%s'%s, Spark's options come after --".formatted(option, help));
  }

  /** The line for another command. */
  static String of(ParameterException problem, String launcher) {
    String told =
        problem instanceof UnmatchedArgumentException unmatched
            ? "Unknown option: '%s'".formatted(option(unmatched.getUnmatched()))
            : problem.getMessage();
    return told + "; see " + launcher + " --help";
  }

  /** The first that is one, without a value. */
  private static String option(List<String> unmatched) {
    return unmatched.stream()
        .filter(word -> word.startsWith("-"))
        .map(word -> word.replaceFirst("(?s)=.*", ""))
        .filter(word -> word.matches("--?[\\w.-]{1,60}"))
        .findFirst()
        .orElse("...");
  }
}
