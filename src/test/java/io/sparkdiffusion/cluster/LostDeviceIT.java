package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.executor.LostDeviceJob;
import io.sparkdiffusion.testing.ChildJvm;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A GPU is lost in the middle of a run, for the executor that has it and for no other. */
class LostDeviceIT {

  private static final int ROWS = 24;

  @RegisterExtension private static final TestCluster CLUSTER = new TestCluster();

  @Test
  void endsTheExecutorAndMakesItsRowsElsewhere() throws Exception {
    String printed =
        ChildJvm.run(
            LostDeviceJob.class,
            List.of("-Dlog4j2.configurationFile=jobs/lib/log4j2.properties"),
            CLUSTER.running().url(),
            CLUSTER.folder().toString(),
            Integer.toString(ROWS));

    assertThat(printed.lines().filter(line -> line.startsWith("made ")))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, ROWS).mapToObj("made row%d"::formatted).toList());
    assertThat(printed)
        .containsPattern(
            "Executor \\d+ on 127.0.0.1 ends, for Spark to start another one: Cannot go on: device"
                + " cpu must answer, .*CUDA error: unspecified launch failure");
    assertThat(CLUSTER.running().workerLogs()).contains("Command exited with code 71");
    assertThat(CLUSTER.running().executorLogs()).as("two executors and a new one").hasSize(3);
  }
}
