package io.sparkdiffusion;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.config.Counted;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.spark.job.DryRun;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.report.RunSeconds;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Says how a run ended, in a last line and an exit code. */
final class LastLine {

  private static final int REASONS = 3;

  private final PrintStream err;
  private String reason = "";

  LastLine(PrintStream err) {
    this.err = err;
  }

  /** Why the run did not end well, in one line; empty where it did. */
  String reason() {
    return reason;
  }

  /** What is wrong with the command line. */
  int ofUsage(String problem) {
    reason = Shown.line(problem);
    err.println(reason);
    return ExitCode.NOT_USABLE;
  }

  /** A dry run's plan, then that nothing was written. */
  int of(DryRun plan) {
    plan.lines().stream().map(Shown::line).forEach(err::println);
    err.printf(
        Locale.ROOT,
        "Dry run: %s would be made; nothing was written%n",
        Counted.of(plan.toMake(), "image"));
    return ExitCode.DONE;
  }

  /** What a run has made, or why it stopped. */
  int of(GenerateJob.Result result) {
    RunCounts counts = result.counts();
    RunSeconds seconds = result.seconds();
    result.leftOut().forEach(line -> err.println("Left out: " + Shown.line(line)));
    reasons(counts).forEach(line -> err.println(Shown.line(line)));
    result.page().ifPresent(page -> err.println("Open " + page + " in a browser to see them"));
    err.printf(
        Locale.ROOT,
        "%s: %s: %d generated, %d skipped, %d failed; %.1f s (load %.1f s, compile %.1f s,"
            + " inference %.1f s); %s%n",
        result.stopReason().isPresent() ? "Not done" : "Done",
        Counted.of(counts.total(), "image"),
        counts.generated(),
        counts.skipped(),
        counts.failed(),
        seconds.wall(),
        seconds.load(),
        seconds.compile(),
        seconds.inference(),
        result.outputFolder());
    reason = result.stopReason().map(Shown::line).orElse("");
    if (reason.isEmpty()) {
      return ExitCode.DONE;
    }
    err.println(reason);
    return ExitCode.TOO_MANY_FAILED_ROWS;
  }

  /** The commonest reasons why images failed. */
  private static List<String> reasons(RunCounts counts) {
    List<Map.Entry<String, Long>> told =
        counts.failures().entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
            .limit(REASONS)
            .toList();
    long others = counts.failed() - told.stream().mapToLong(Map.Entry::getValue).sum();
    Stream<String> lines =
        told.stream()
            .map(
                one ->
                    "%s failed: %s".formatted(Counted.of(one.getValue(), "image"), one.getKey()));
    Stream<String> rest =
        others > 0
            ? Stream.of(Counted.of(others, "image") + " failed for other reasons")
            : Stream.empty();
    return Stream.concat(lines, rest).toList();
  }

  /** Why it failed: all that is wrong with what was asked for, or one reason. */
  int of(Exception failure) {
    Optional<ProblemsException> problems = Failures.problems(failure);
    if (problems.isEmpty()) {
      reason = Shown.line("Failed: " + Failures.reason(failure));
      err.println(reason);
      return ExitCode.JOB_FAILED;
    }
    List<String> lines = problems.get().problems();
    reason = Shown.line(String.join("; ", lines));
    lines.forEach(err::println);
    return ExitCode.NOT_USABLE;
  }
}
