package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What YARN is told of a run, and what is read again from that; {@code YarnIT} has a real YARN. */
class YarnDriverTest {

  private static final String REASON = "Cannot use steps: it must be 1 or more (0)";

  @Test
  void aGoodEndIsNoException() {
    YarnDriver.end(ExitCode.DONE, "");
    assertThat(YarnDriver.isThis()).isFalse();
  }

  @Test
  void aFailureIsOneLineWithoutAStackTraceAndReadAgain() {
    assertThatThrownBy(() -> YarnDriver.end(ExitCode.NOT_USABLE, REASON))
        .hasMessage(REASON + " [exit code 2]")
        .satisfies(
            e -> {
              StringWriter printed = new StringWriter();
              e.printStackTrace(new PrintWriter(printed));
              assertThat(printed.toString().strip()).isEqualTo(REASON + " [exit code 2]");
              assertThat(YarnDriver.read("User class threw exception: " + printed))
                  .contains(new YarnDriver.Ending(ExitCode.NOT_USABLE, REASON));
            });
  }

  @Test
  void whatOthersTellIsNotRead() {
    assertThat(YarnDriver.read("User class threw exception: java.lang.Error: no\n\tat A.b(A:1)"))
        .isEmpty();
    assertThat(YarnDriver.read("AM Container exited [exit code 2]")).isEmpty();
    assertThat(YarnApplication.of(new IllegalStateException("no master"))).isEmpty();
    assertThat(YarnApplication.of(new IllegalStateException())).isEmpty();
  }

  @Test
  void findsTheApplicationInWhatSparksClientSays() {
    for (String said :
        new String[] {
          "Application application_1700000000000_0001 finished with failed status",
          "Application application_1700000000000_0001 is killed",
          "The final status of application application_1700000000000_0001 is undefined"
        }) {
      assertThat(YarnApplication.of(new IllegalStateException(said))).as(said).isPresent();
    }
  }
}
