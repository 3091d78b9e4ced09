package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.output.OutputFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Two runs that want one output folder at the same time. */
public final class TwoRuns {

  private TwoRuns() {}

  /** Opens both at once; the folder of the one that goes on, the other being refused. */
  public static OutputFolder onlyOneOf(Callable<OutputFolder> one, Callable<OutputFolder> two)
      throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<OutputFolder> taken = new ArrayList<>();
      List<String> refused = new ArrayList<>();
      for (Future<OutputFolder> run : threads.invokeAll(List.of(one, two))) {
        try {
          taken.add(run.get());
        } catch (ExecutionException e) {
          refused.add(e.getCause().getMessage());
        }
      }
      assertThat(taken).hasSize(1);
      assertThat(refused)
          .singleElement()
          .asString()
          .contains("another run is writing to it, wait for its end: " + taken.get(0).runId());
      return taken.get(0);
    } finally {
      threads.shutdownNow();
    }
  }
}
