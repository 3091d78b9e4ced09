package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.Heartbeats;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.nio.file.Path;
import java.time.Duration;

/** A process that makes images, slowly enough to be stopped in between. */
final class StoppedRun {

  static final Heartbeats HEARTBEATS = Heartbeats.each(Duration.ofMillis(300));

  private StoppedRun() {}

  /** Arguments are the folder of the job and its settings. */
  public static void main(String[] arguments) {
    int code = 0;
    try {
      new GenerateJob(
              LocalSpark.session(), LostLockTest.settings(Path.of(arguments[0]), arguments[1]))
          .models(any -> FakeModel.named("stopped"))
          .heartbeats(HEARTBEATS)
          .execute();
    } catch (RuntimeException e) {
      System.out.println("Failed: " + Failures.reason(e));
      code = 1;
    }
    System.exit(code);
  }
}
