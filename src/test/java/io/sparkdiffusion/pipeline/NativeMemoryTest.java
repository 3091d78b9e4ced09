package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.weights.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What libtorch takes does not grow with the number of pictures. */
class NativeMemoryTest {

  private static final int PICTURES = 500;

  /** One picture's tensors on the way are some 0.5 MB: a leak of one a picture would be seen. */
  private static final long MAY_GROW_BYTES = 16L << 20;

  @Test
  void memoryDoesNotGrowOverFiveHundredPictures() throws IOException {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      generate(pipeline, 0, 100);
      long before = outsideTheHeap();
      generate(pipeline, 100, PICTURES);
      long grown = outsideTheHeap() - before;
      System.out.printf("anonymous memory outside the heap grew by %,d bytes%n", grown);
      assertThat(grown).isLessThan(MAY_GROW_BYTES);
    }
  }

  private static void generate(StableDiffusionPipeline pipeline, int from, int pictures) {
    for (int i = from; i < from + pictures; i++) {
      pipeline.generate(
          List.of(
              new ImageRequest("row", i, "text " + i, "", i, 2, 7.5, 0.7, 64, 64, "ddim", 0.5)));
    }
  }

  /** RssAnon less the heap that the JVM has committed, after a collection. */
  private static long outsideTheHeap() throws IOException {
    System.gc();
    System.gc();
    long anonymous =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("RssAnon:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
            .findFirst()
            .orElseThrow();
    return anonymous - Runtime.getRuntime().totalMemory();
  }
}
