package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.testing.ChildJvm;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the host takes for an image of 512x512: the job with a generator that returns at once. Each
 * task counts the processor time of its own thread from its first batch, which begins when all is
 * loaded, to its end: pixels, PNG, hash, file, row and Parquet. The least of all tasks is taken,
 * since a busy machine and a compiler that has not done yet only add to it.
 */
class HostShareTest {

  private static final int IMAGES = 1024;
  private static final int SIDE = 512;
  private static final Queue<Double> MILLISECONDS = new ConcurrentLinkedQueue<>();

  @TempDir private Path folder;

  /** It tells the number, and asks for none: a clock is no test. */
  @Tag("soak")
  @Test
  void isTold() throws IOException, InterruptedException {
    List<String> asUsersHaveIt =
        List.of(
            "-XX:TieredStopAtLevel=4",
            "-Dspark.ui.enabled=false",
            "-Dspark.hadoop.fs.file.impl=" + LocalFileSystem.class.getName());
    String printed = ChildJvm.run(HostShareTest.class, asUsersHaveIt, folder.toString());
    assertThat(printed).contains("host's share: ");
    printed.lines().filter(line -> line.startsWith("host's share: ")).forEach(System.out::println);
  }

  /** In a JVM with the compilers and the disk that executors have; the tests' own are others. */
  public static void main(String[] folder) {
    JobRuns runs = new JobRuns(Path.of(folder[0]), JobRuns.FOLDER);
    runs.prompts(
        IntStream.range(0, IMAGES)
            .mapToObj(i -> i + ",number " + i)
            .collect(Collectors.joining("\n", "id,prompt\n", "\n")));
    Model still =
        new Model(
            "still",
            "",
            "d".repeat(64),
            new Schedulers(Map.of("prediction_type", "epsilon"), Map.of()),
            64,
            64,
            List.of(),
            new StillFactory());
    runs.job("resolution=" + SIDE, "per_device_batch_size=8", "commit_group_images=" + IMAGES)
        .models(any -> still)
        .execute();
    double least = MILLISECONDS.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    System.out.printf(
        "host's share: %.2f ms of processor time an image of %dx%d, the least of %d tasks; all of"
            + " them %s%n",
        least,
        SIDE,
        SIDE,
        MILLISECONDS.size(),
        MILLISECONDS.stream().map("%.1f"::formatted).collect(Collectors.joining(", ")));
  }

  /** The same image again and again. */
  private record StillFactory() implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {}

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      return new Still(device, photograph());
    }

    @Override
    public int gpuCount() {
      return 0;
    }
  }

  /** Like one: smooth areas and edges, and in every pixel a little noise. */
  private static byte[] photograph() {
    Random random = new Random(7);
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < rgb.length; i++) {
      int pixel = i / 3;
      int row = pixel / SIDE;
      double x = pixel % SIDE / (double) SIDE;
      double y = row / (double) SIDE;
      double wave = 60 * Math.sin(9 * x + 4 * y * y + i % 3) + (x * x + y * y < 0.4 ? 40 : 0);
      rgb[i] = (byte) Math.max(0, Math.min(255, 120 + wave + 1.5 * random.nextGaussian()));
    }
    return rgb;
  }

  private record Still(String device, byte[] rgb) implements ImageGenerator {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final Map<Long, AtomicInteger> IMAGES_OF_TASK = new ConcurrentHashMap<>();

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      TaskContext task = TaskContext.get();
      IMAGES_OF_TASK
          .computeIfAbsent(task.taskAttemptId(), any -> counted(task))
          .addAndGet(requests.size());
      return requests.stream().map(this::result).toList();
    }

    private static AtomicInteger counted(TaskContext task) {
      AtomicInteger images = new AtomicInteger();
      long begin = THREADS.getCurrentThreadCpuTime();
      task.addTaskCompletionListener(
          (TaskCompletionListener)
              ended ->
                  MILLISECONDS.add(
                      (THREADS.getCurrentThreadCpuTime() - begin) / 1e6 / images.get()));
      return images;
    }

    /** With the copy of its pixels out of the batch's. */
    private ImageResult result(ImageRequest request) {
      ImageResult.TextUse text = new ImageResult.TextUse(5, "");
      return new ImageResult.Generated(request, rgb.clone(), text, text, Duration.ofMillis(1));
    }

    @Override
    public PipelineTimes times() {
      return new PipelineTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    }

    @Override
    public Provenance.Computation computation() {
      return new Provenance.Computation(device, "none", "float32", 1, 8);
    }

    @Override
    public Provenance.Versions versions() {
      return new Provenance.Versions("test", 1, "none", "none", "17");
    }

    @Override
    public void close() {}
  }
}
