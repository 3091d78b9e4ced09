package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.testing.Slope;
import io.sparkdiffusion.testing.Slope.Point;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What libtorch takes does not grow with the number of images. */
class NativeMemoryTest {

  private static final int SAMPLES = 100;

  /** One image's tensors on the way are some 500 KB. */
  private static final double MAY_GROW_BYTES_PER_IMAGE = 1024;

  /**
   * What the allocator's arenas and the JVM's own compiler may still take after the first tenth,
   * however many images follow; a little over 1 MB was seen.
   */
  private static final double MAY_GROW_BYTES = 4 << 20;

  /**
   * Embeddings (77, 40) in float32 of the texts that are remembered, and as much of the freed
   * memory between them that they keep from being given back; from some 300 images on nothing is
   * added.
   */
  private static final double REMEMBERED_BYTES = 2.0 * TextEncoder.REMEMBERED * 77 * 40 * 4;

  private static final Pattern SAMPLE = Pattern.compile("sample (\\d+) (\\d+)");

  /** In a JVM of its own whose heap is fixed and resident: what grows there is native memory. */
  @Test
  void memoryDoesNotGrowWithTheImages() throws IOException, InterruptedException {
    assertFlat(250);
  }

  @Tag("soak")
  @Test
  void memoryDoesNotGrowWithTenThousandImages() throws IOException, InterruptedException {
    assertFlat(10_000);
  }

  private static void assertFlat(int images) throws IOException, InterruptedException {
    assumeTrue(
        AnonymousMemory.isKnown(), "RssAnon is read from /proc/self/status, which is not here");
    String output =
        ChildJvm.run(
            NativeMemoryTest.class,
            List.of(
                "-Xms512m",
                "-Xmx512m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"),
            Integer.toString(images));
    List<Point> samples =
        SAMPLE
            .matcher(output)
            .results()
            .map(found -> new Point(Long.parseLong(found.group(1)), Long.parseLong(found.group(2))))
            .toList();
    assertThat(samples).hasSize(SAMPLES);
    List<Point> last = samples.subList(SAMPLES / 10, SAMPLES);
    double slope = Slope.of(last);
    System.out.printf(
        "anonymous memory outside the heap: %.0f bytes an image over the last %d of %d; %,.0f"
            + " bytes at the begin, %,.0f at the end%n",
        slope, images * 9 / 10, images, last.get(0).y(), last.get(last.size() - 1).y());
    assertThat(slope)
        .isLessThan(
            MAY_GROW_BYTES_PER_IMAGE + (MAY_GROW_BYTES + REMEMBERED_BYTES) / (0.9 * images));
  }

  /** The child: makes so many images and prints its memory now and then. */
  public static void main(String[] arguments) {
    int images = Integer.parseInt(arguments[0]);
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      for (int sample = 0; sample < SAMPLES; sample++) {
        int end = images * (sample + 1) / SAMPLES;
        generate(pipeline, images * sample / SAMPLES, end);
        System.out.printf("sample %d %d%n", end, afterCollection());
      }
    }
  }

  private static void generate(StableDiffusionPipeline pipeline, int begin, int end) {
    for (int i = begin; i < end; i++) {
      pipeline.generate(
          List.of(
              Requests.of(
                  "row",
                  i,
                  "text " + i,
                  "",
                  Parameters.SEED.of((long) i),
                  Parameters.NUM_INFERENCE_STEPS.of(2),
                  Parameters.GUIDANCE_RESCALE.of(0.7),
                  Parameters.HEIGHT.of(64),
                  Parameters.WIDTH.of(64),
                  Parameters.ETA.of(0.5))));
    }
  }

  /** Direct buffers go with their owners. */
  private static long afterCollection() {
    System.gc();
    return AnonymousMemory.bytes();
  }
}
