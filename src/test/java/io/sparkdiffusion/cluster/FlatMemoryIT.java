package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.testing.Slope;
import io.sparkdiffusion.testing.Slope.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A long job takes no more memory than a short one, neither in the driver nor in executors. */
class FlatMemoryIT {

  private static final String PICTURES = "sparkdiffusion.memory.pictures";

  /** What the JVM's own compiler and classes may still take after the first tenth. */
  private static final double MAY_GROW_BYTES = 16 << 20;

  /**
   * A picture of the table has 12,288 bytes before it is compressed, so one that is kept is seen.
   * Over the last 9,000 of 10,000 pictures two runs took 2,800 and 3,400 bytes in the driver and
   * 1,100 to 1,900 in the executors, less in the second half; what takes them is not known.
   */
  private static final double MAY_GROW_BYTES_PER_PICTURE = 2048;

  private static final long INTERVAL_MILLIS = 500;

  /** Heaps are resident from the start: what grows is outside of them. */
  private static final String RESIDENT = "-XX:+AlwaysPreTouch";

  @RegisterExtension private static final TestCluster CLUSTER = new TestCluster();

  @Test
  @EnabledIfSystemProperty(
      named = PICTURES,
      matches = "\\d+",
      disabledReason = "it takes some minutes: tools/verify-all runs it")
  void memoryOfDriverAndExecutorsStaysFlat() throws Exception {
    int pictures = Integer.getInteger(PICTURES);
    ClusterJob job = ClusterJob.prepare(CLUSTER, pictures, 2, pictures / 20);
    CLUSTER.running().addDriverOptions("-Xms1g", RESIDENT);
    Path output = CLUSTER.folder().resolve("out");
    SparkProcess driver =
        job.start(
            output, List.of("--conf", "spark.executor.extraJavaOptions=-Xms700m " + RESIDENT));
    Map<String, List<Point>> memory = watch(driver, output.resolve("images"));
    assertThat(driver.lastLine())
        .startsWith("Done: %d images: %1$d generated, 0 skipped, 0 failed".formatted(pictures));
    assertThat(memory).as("a driver and two executors").hasSize(3);
    memory.forEach((process, points) -> assertFlat(process, points, pictures));
  }

  private static void assertFlat(String process, List<Point> all, int pictures) {
    List<Point> last = all.stream().filter(point -> point.x() >= pictures / 10.0).toList();
    assertThat(last).as(process).hasSizeGreaterThan(20);
    double slope = Slope.of(last);
    System.out.printf(
        "%s: %.0f bytes a picture over the last %d of %d; %,.0f bytes at the begin, %,.0f at the"
            + " end, %d samples%n",
        process,
        slope,
        pictures - pictures / 10,
        pictures,
        last.get(0).y(),
        last.get(last.size() - 1).y(),
        last.size());
    assertThat(slope)
        .as(process)
        .isLessThan(MAY_GROW_BYTES_PER_PICTURE + MAY_GROW_BYTES / (0.9 * pictures));
  }

  /** The memory of each process over the pictures that are there, until the driver ends. */
  private static Map<String, List<Point>> watch(SparkProcess driver, Path images)
      throws IOException, InterruptedException {
    Map<String, List<Point>> memory = new TreeMap<>();
    while (driver.process().isAlive()) {
      long done = count(images);
      if (done > 0) {
        measure("driver", driver.process().toHandle(), done, memory);
        CLUSTER
            .running()
            .executors()
            .forEach(one -> measure("executor " + one.pid(), one, done, memory));
      }
      Thread.sleep(INTERVAL_MILLIS);
    }
    return memory;
  }

  private static void measure(
      String name, ProcessHandle process, long done, Map<String, List<Point>> memory) {
    AnonymousMemory.bytes(process)
        .ifPresent(
            bytes ->
                memory.computeIfAbsent(name, any -> new ArrayList<>()).add(new Point(done, bytes)));
  }

  private static long count(Path images) throws IOException {
    if (!Files.isDirectory(images)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(images)) {
      return files.count();
    }
  }
}
