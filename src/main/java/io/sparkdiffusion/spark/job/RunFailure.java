package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.LostOutputException;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.report.RunReport;
import java.io.IOException;
import java.util.Optional;

/** How a run that fails is told: by its report and by what is thrown. */
record RunFailure(OutputFolder output, RunReport report) {

  /**
   * Reports a failure.
   *
   * @param isStopping whether the run was told to stop
   * @return what is to be thrown: Spark throws checked exceptions that it does not declare
   */
  RuntimeException told(Throwable failure, boolean isStopping) {
    Throwable e = reported(failure, isStopping);
    return e instanceof RuntimeException known
        ? known
        : new IllegalStateException(Failures.reason(e), e);
  }

  /** Why the run failed, which its report says too, unless another run has the folder by now. */
  private Throwable reported(Throwable failure, boolean isStopping) {
    Optional<LostOutputException> loss = output.loss();
    if (loss.isPresent()) {
      return loss.get();
    }
    try {
      if (Failures.problems(failure).isEmpty() || !isUntouched()) {
        String status = isStopping ? "interrupted" : "failed";
        report.write(output, status, Optional.of(Failures.reason(failure)));
      }
      return failure;
    } catch (LostOutputException e) {
      return e;
    }
  }

  /** A mistake that was found before the first image needs no report. */
  private boolean isUntouched() {
    try {
      return output.isUntouched();
    } catch (IOException e) {
      return false;
    }
  }
}
