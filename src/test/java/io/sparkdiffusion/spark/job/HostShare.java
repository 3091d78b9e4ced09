package io.sparkdiffusion.spark.job;

import com.sun.management.OperatingSystemMXBean;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints what the host takes for an image of 512x512: the job with a generator that returns at
 * once. It asserts nothing and runs only by its name: {@code ./mvnw test -Dtest=HostShare}.
 */
class HostShare {

  private static final int FEW = 40;
  private static final int MANY = 440;

  @TempDir private Path folder;

  @Test
  void print() {
    run(FEW, "warm");
    double few = run(FEW, "few");
    double many = run(MANY, "many");
    System.out.printf(
        "host's share: %.2f ms of processor time an image of 512x512 (%d more images)%n",
        1000 * (many - few) / (MANY - FEW), MANY - FEW);
  }

  /** Seconds of processor time, of all threads. */
  private double run(int images, String output) {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER, output);
    runs.prompts(
        IntStream.range(0, images)
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
    long begin = processorNanos();
    runs.job("resolution=512", "per_device_batch_size=8").models(any -> still).execute();
    return (processorNanos() - begin) / 1e9;
  }

  private static long processorNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** The same image, of something, again and again. */
  private record StillFactory() implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {}

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      return new Still(device, readImage());
    }

    @Override
    public int gpuCount() {
      return 0;
    }
  }

  private static byte[] readImage() {
    try {
      BufferedImage read = ImageIO.read(Path.of("docs/images/quick-start.png").toFile());
      byte[] rgb = new byte[3 * 512 * 512];
      for (int i = 0; i < 512 * 512; i++) {
        int color = read.getRGB(i % 512 % read.getWidth(), i / 512 % read.getHeight());
        rgb[3 * i] = (byte) (color >> 16);
        rgb[3 * i + 1] = (byte) (color >> 8);
        rgb[3 * i + 2] = (byte) color;
      }
      return rgb;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Still(String device, byte[] rgb) implements ImageGenerator {

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      return requests.stream().map(this::result).toList();
    }

    private ImageResult result(ImageRequest request) {
      ImageResult.TextUse text = new ImageResult.TextUse(5, "");
      return new ImageResult.Generated(request, rgb, text, text, Duration.ofMillis(1));
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
