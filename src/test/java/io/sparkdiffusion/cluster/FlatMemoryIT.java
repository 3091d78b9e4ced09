package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.testing.LiveHeap;
import io.sparkdiffusion.testing.Slope;
import io.sparkdiffusion.testing.Slope.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A long job takes no more memory than a short one, neither in the driver nor in executors. Two
 * things are measured over all images but the first tenth: what is resident outside the heap, which
 * itself is resident from the start, and what lives in the heap. Not measured is the code that the
 * JVM compiles: its amount has a limit of its own, and a method is compiled once.
 */
class FlatMemoryIT {

  /** An image has 12,288 bytes before it is compressed; each executor makes every second one. */
  private static final double MAY_GROW_BYTES_PER_IMAGE = 2048;

  /**
   * However many images: stacks of threads that come and go, arenas of the C library that keep what
   * the compiler has taken for a moment, and a heap is looked at while a task writes Parquet. Some
   * thousand images are made until all that has settled: 10,000 tell, 2,500 do not.
   */
  private static final double MAY_GROW_BYTES = 16 << 20;

  private static final int IMAGES = 10_000;

  private static final long INTERVAL_MILLIS = 500;

  /** The collector whose tenured generation {@link LiveHeap} reads. */
  private static final String SERIAL = "-XX:+UseSerialGC";

  private static final String RESIDENT = "-XX:+AlwaysPreTouch";

  @RegisterExtension private static final TestCluster CLUSTER = new TestCluster();

  private final Map<String, List<Point>> resident = new TreeMap<>();
  private final Map<String, List<Point>> living = new TreeMap<>();

  @Tag("soak")
  @Test
  void memoryOfDriverAndExecutorsStaysFlat() throws Exception {
    ClusterJob job = ClusterJob.prepare(CLUSTER, IMAGES, 2, IMAGES / 20);
    CLUSTER.running().addDriverOptions("-Xms1g", SERIAL, RESIDENT);
    Path output = CLUSTER.folder().resolve("out");
    SparkProcess driver = job.start(output, options());
    watch(driver, output.resolve("images"));
    assertThat(driver.lastLine())
        .startsWith("Done: %d images: %1$d generated, 0 skipped, 0 failed".formatted(IMAGES));
    assertThat(resident).as("a driver and two executors").hasSize(3);
    assertThat(living).as("the same").hasSize(3);
    SoftAssertions.assertSoftly(
        all -> {
          assertFlat(all, "resident", resident, MAY_GROW_BYTES / IMAGES);
          assertFlat(all, "living", living, MAY_GROW_BYTES / IMAGES);
        });
  }

  /** Spark keeps what its own pages show of the last jobs, thousands of them by itself. */
  private static List<String> options() {
    return List.of(
        "--conf",
        "spark.executor.extraJavaOptions=-Xms700m %s %s".formatted(SERIAL, RESIDENT),
        "--conf",
        "spark.ui.retainedJobs=10",
        "--conf",
        "spark.ui.retainedStages=10",
        "--conf",
        "spark.sql.ui.retainedExecutions=10");
  }

  private static void assertFlat(
      SoftAssertions all, String what, Map<String, List<Point>> memory, double mayGrowBytesBeside) {
    memory.forEach(
        (process, points) -> {
          double slope = Slope.of(points);
          Point first = points.get(0);
          Point last = points.get(points.size() - 1);
          System.out.printf(
              "%s, %s: %.0f bytes an image over the last %.0f of %.0f; %,.0f bytes at the begin,"
                  + " %,.0f at the end, %d samples%n",
              process,
              what,
              slope,
              last.x() - first.x(),
              last.x(),
              first.y(),
              last.y(),
              points.size());
          all.assertThat(slope)
              .as("%s, %s", process, what)
              .isLessThan(MAY_GROW_BYTES_PER_IMAGE + mayGrowBytesBeside);
        });
  }

  /** Until the driver ends. */
  private void watch(SparkProcess driver, Path images) throws IOException, InterruptedException {
    double nextHeap = IMAGES / 10.0;
    while (driver.process().isAlive()) {
      long done = count(images);
      if (done >= IMAGES / 10.0) {
        Map<String, ProcessHandle> all = processes(driver);
        boolean isHeapsTurn = done >= nextHeap;
        for (Map.Entry<String, ProcessHandle> one : all.entrySet()) {
          if (isHeapsTurn) {
            note(living, one.getKey(), done, LiveHeap.bytes(one.getValue()));
          }
          OptionalLong bytes = AnonymousMemory.bytesWithoutCompiledCode(one.getValue());
          note(resident, one.getKey(), done, bytes);
        }
        nextHeap = isHeapsTurn ? done + IMAGES / 5.0 : nextHeap;
      }
      Thread.sleep(INTERVAL_MILLIS);
    }
  }

  private static Map<String, ProcessHandle> processes(SparkProcess driver) {
    Map<String, ProcessHandle> processes = new TreeMap<>();
    processes.put("driver", driver.process().toHandle());
    CLUSTER.running().executors().forEach(one -> processes.put("executor " + one.pid(), one));
    return processes;
  }

  private static void note(
      Map<String, List<Point>> memory, String process, long done, OptionalLong bytes) {
    bytes.ifPresent(
        known ->
            memory.computeIfAbsent(process, any -> new ArrayList<>()).add(new Point(done, known)));
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
