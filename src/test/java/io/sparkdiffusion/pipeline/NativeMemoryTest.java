package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.weights.ModelFolder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What libtorch takes does not grow with the number of pictures. */
class NativeMemoryTest {

  private static final int PICTURES = 500;

  /** One picture's tensors on the way are some 0.5 MB: a leak of one a picture would be seen. */
  private static final long MAY_GROW_BYTES = 16L << 20;

  @Test
  void memoryDoesNotGrowOverFiveHundredPictures() {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      generate(pipeline, 0, 100);
      long before = afterCollection();
      generate(pipeline, 100, PICTURES);
      long grown = afterCollection() - before;
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

  /** Direct buffers lie outside the heap too, and go with their owners. */
  private static long afterCollection() {
    System.gc();
    System.gc();
    return AnonymousMemory.bytesOutsideTheHeap();
  }
}
