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
import java.util.Optional;

/** Says how a run ended, in a last line and an exit code. */
final class LastLine {

  private final PrintStream err;

  LastLine(PrintStream err) {
    this.err = err;
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
    result.stopReason().map(Shown::line).ifPresent(err::println);
    return result.stopReason().isPresent() ? ExitCode.TOO_MANY_FAILED_ROWS : ExitCode.DONE;
  }

  /** Why it failed: all that is wrong with what was asked for, or one reason. */
  int of(Exception failure) {
    Optional<ProblemsException> problems = Failures.problems(failure);
    if (problems.isEmpty()) {
      err.println(Shown.line("Failed: " + Failures.reason(failure)));
      return ExitCode.JOB_FAILED;
    }
    List<String> lines = problems.get().problems();
    lines.forEach(err::println);
    return ExitCode.NOT_USABLE;
  }
}
