package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Slope;
import io.sparkdiffusion.testing.Slope.Point;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Rows that each start from an image of their own, every second of which lies in the table and the
 * others in files, take no more memory when they are many: neither the heap nor what is beside it.
 */
class ImagesInMemoryTest {

  private static final int SIDE = 64;
  private static final int IMAGES = 10_000;
  private static final int SAMPLES = 50;

  /** An image that was kept would be its file or its pixels, 12,288 bytes. */
  private static final double MAY_GROW_BYTES_PER_IMAGE = 1024;

  /** However many images, as in {@link io.sparkdiffusion.cluster.FlatMemoryIT}. */
  private static final double MAY_GROW_BYTES = 16 << 20;

  private static final Pattern SAMPLE = Pattern.compile("sample (\\d+) (\\d+) (\\d+)");

  @TempDir private Path folder;

  @Tag("soak")
  @Test
  void memoryDoesNotGrowWithTenThousandImagesIn() throws IOException, InterruptedException {
    assumeTrue(
        AnonymousMemory.isKnown(), "RssAnon is read from /proc/self/status, which is not here");
    List<String> options =
        List.of(
            "-Xms768m",
            "-Xmx768m",
            "-XX:+AlwaysPreTouch",
            "-Dspark.master=local[1]",
            "-Dspark.ui.enabled=false",
            "-Dspark.ui.retainedJobs=10",
            "-Dspark.ui.retainedStages=10",
            "-Dspark.sql.ui.retainedExecutions=10");
    String printed = ChildJvm.run(ImagesInMemoryTest.class, options, folder.toString());
    List<MatchResult> samples = SAMPLE.matcher(printed).results().toList();
    assertThat(samples).hasSizeGreaterThan(SAMPLES / 2);
    assertFlat("heap", points(samples, 2));
    assertFlat("beside the heap", points(samples, 3));
  }

  private static List<Point> points(List<MatchResult> samples, int what) {
    return samples.stream()
        .map(found -> new Point(Long.parseLong(found.group(1)), Long.parseLong(found.group(what))))
        .toList();
  }

  private static void assertFlat(String what, List<Point> points) {
    double slope = Slope.of(points);
    Point first = points.get(0);
    Point last = points.get(points.size() - 1);
    System.out.printf(
        "%s: %.0f bytes an image from %.0f to %.0f; %,.0f bytes at the begin, %,.0f at the end,"
            + " %d samples%n",
        what, slope, first.x(), last.x(), first.y(), last.y(), points.size());
    assertThat(slope)
        .as(what)
        .isLessThan(MAY_GROW_BYTES_PER_IMAGE + MAY_GROW_BYTES / (last.x() - first.x()));
  }

  /** The child: a job over the table, of which another thread tells the memory now and then. */
  public static void main(String[] arguments) {
    Path folder = Path.of(arguments[0]);
    SparkSession spark = SparkSession.builder().appName("images in memory").getOrCreate();
    write(spark, folder);
    Path config = folder.resolve("job.yml");
    Thread watching = new Thread(() -> watch(folder.resolve("out/images")), "watch-memory");
    watching.setDaemon(true);
    watching.start();
    GenerateJob.Result result =
        new GenerateJob(spark, JobConfig.load(config, settings(folder))).execute();
    if (result.counts().generated() != IMAGES) {
      throw new IllegalStateException("%s images were made".formatted(result.counts()));
    }
    spark.stop();
  }

  private static List<String> settings(Path folder) {
    return List.of(
        "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
        "prompts=" + folder.resolve("prompts.parquet"),
        "output_dir=" + folder.resolve("out"),
        "resolution=" + SIDE,
        "num_inference_steps=2",
        "strength=0.5",
        "guidance_scale=1",
        "gallery=false",
        "device=cpu",
        "weights_dtype=float32",
        "commit_group_images=" + IMAGES / 10);
  }

  private static void write(SparkSession spark, Path folder) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add(
                "init_image",
                new StructType()
                    .add("bytes", DataTypes.BinaryType)
                    .add("path", DataTypes.StringType));
    String files = folder.toString();
    spark
        .range(0, IMAGES, 1, 8)
        .map((MapFunction<Long, Row>) number -> row(number, Path.of(files)), Encoders.row(schema))
        .write()
        .parquet(folder.resolve("prompts.parquet").toString());
    try {
      Files.writeString(folder.resolve("job.yml"), "run_name: images\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Row row(long number, Path folder) throws IOException {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    new Random(number).nextBytes(rgb);
    byte[] png = PngEncoder.encode(new RgbImage(SIDE, SIDE, rgb), List.of());
    Row image = RowFactory.create(png, null);
    if (number % 2 == 1) {
      Path file = Files.write(folder.resolve("in" + number + ".png"), png);
      image = RowFactory.create(null, file.toString());
    }
    return RowFactory.create("row" + number, "image " + number, image);
  }

  /** After the first tenth, in which all settles that a run has once. */
  private static void watch(Path images) {
    long next = IMAGES / 10;
    while (true) {
      long done = count(images);
      if (done >= next) {
        next = done + IMAGES / SAMPLES;
        System.gc(); // direct buffers go with their owners
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        System.out.printf("sample %d %d %d%n", done, heap, AnonymousMemory.bytes());
      }
      pause();
    }
  }

  private static long count(Path images) {
    if (!Files.isDirectory(images)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(images)) {
      return files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(250);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
