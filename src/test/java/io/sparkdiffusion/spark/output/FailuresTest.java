package io.sparkdiffusion.spark.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailuresTest {

  private final IOException deepest = new IOException("disk full\nat block 7");

  @Test
  void tellsProblemsFirst() {
    ProblemsException problems = new ProblemsException(List.of("Cannot a", "Cannot b"));

    assertThat(Failures.reason(new IllegalStateException("Cannot go on", problems)))
        .isEqualTo("Cannot a; Cannot b");
  }

  @Test
  void tellsOurOwnMessageWhereThereIsOne() {
    Exception own = new UncheckedIOException("Cannot fetch x: y\nmore", deepest);

    assertThat(Failures.reason(new IllegalStateException("Job aborted", own)))
        .isEqualTo("Cannot fetch x: y");
  }

  @Test
  void tellsWhatKindOfErrorEndedATask() {
    assertThat(Failures.reason(new IllegalStateException("Job", new OutOfMemoryError("Java heap"))))
        .isEqualTo("java.lang.OutOfMemoryError: Java heap");
    assertThat(Failures.reason(new StackOverflowError())).isEqualTo("java.lang.StackOverflowError");
  }

  @Test
  void tellsTheDeepestCauseElse() {
    assertThat(Failures.reason(new IllegalStateException("Job aborted", deepest)))
        .isEqualTo("disk full");
    assertThat(Failures.reason(new IllegalStateException(new IOException())))
        .isEqualTo("java.io.IOException");
  }
}
