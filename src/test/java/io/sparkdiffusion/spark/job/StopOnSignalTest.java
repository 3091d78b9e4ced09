package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class StopOnSignalTest {

  @Test
  void tellsASignalFromSparkWhichHasEndedTheJvm() {
    StackTraceElement[] signal = {
      frame("java.lang.Shutdown", "exit"), frame("java.lang.Terminator$1", "handle")
    };
    StackTraceElement[] spark = {
      frame("java.lang.Shutdown", "exit"),
      frame("java.lang.Runtime", "exit"),
      frame("java.lang.System", "exit"),
      frame("org.apache.spark.util.SparkUncaughtExceptionHandler$1", "sysExit")
    };
    Thread thread = Thread.currentThread();
    assertThat(StopOnSignal.reason(Map.of(thread, signal))).isEqualTo("Stopped by a signal");
    assertThat(StopOnSignal.reason(Map.of(thread, spark)))
        .isEqualTo("Failed: org.apache.spark.util.SparkUncaughtExceptionHandler has ended the JVM");
  }

  private static StackTraceElement frame(String name, String method) {
    return new StackTraceElement(name, method, null, -1);
  }
}
