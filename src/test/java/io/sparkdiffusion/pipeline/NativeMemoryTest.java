package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.weights.ModelFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What libtorch takes does not grow with the number of pictures. */
class NativeMemoryTest {

  private static final int PICTURES = 500;

  /** One picture's tensors on the way are some 0.5 MB: a leak of one a picture would be seen. */
  private static final long MAY_GROW_BYTES = 16L << 20;

  /** In a JVM of its own whose heap is fixed and resident: what grows there is native memory. */
  @Test
  void memoryDoesNotGrowOverFiveHundredPictures() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms512m",
                "-Xmx512m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dai.djl.pytorch.num_threads=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                NativeMemoryTest.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    long grown = Long.parseLong(output.substring(output.lastIndexOf(':') + 1).strip());
    System.out.printf("anonymous memory outside the heap grew by %,d bytes%n", grown);
    assertThat(grown).isLessThan(MAY_GROW_BYTES);
  }

  /** The child: makes the pictures and prints by how many bytes its memory has grown. */
  public static void main(String[] arguments) {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      generate(pipeline, 0, 200);
      long before = afterCollection();
      generate(pipeline, 200, PICTURES);
      System.out.println("grown: " + (afterCollection() - before));
    }
  }

  private static void generate(StableDiffusionPipeline pipeline, int from, int pictures) {
    for (int i = from; i < from + pictures; i++) {
      pipeline.generate(
          List.of(
              new ImageRequest("row", i, "text " + i, "", i, 2, 7.5, 0.7, 64, 64, "ddim", 0.5)));
    }
  }

  /** Direct buffers go with their owners. */
  private static long afterCollection() {
    System.gc();
    return AnonymousMemory.bytes();
  }
}
