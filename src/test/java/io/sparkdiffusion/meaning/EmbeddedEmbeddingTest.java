package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingFile;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.testing.EmbeddedModels;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The embedding that ships with the project teaches what its card says. */
class EmbeddedEmbeddingTest {

  @Test
  void theWordIsAGreenCircleWithStripes() {
    List<ImageResult> with = generate(watermelon());
    AdapterImages.assertEqualDiffusers(with);
    assertThat(images(with)).allMatch(EmbeddedEmbeddingTest::hasWatermelon);
    assertThat(images(generate(EmbeddingSet.NONE)))
        .noneMatch(EmbeddedEmbeddingTest::hasWatermelon)
        .allMatch(image -> image.share("green") < 0.01);
  }

  /** The stripes' dark green is nearest to black. */
  private static boolean hasWatermelon(MeaningImage image) {
    return image.objects().stream()
        .limit(1)
        .filter(object -> object.shape() == Outline.CIRCLE)
        .anyMatch(object -> image.changes((int) object.x(), "green", "black") >= 3);
  }

  private static Stream<MeaningImage> images(List<ImageResult> results) {
    return results.stream().map(MeaningTest::image);
  }

  private static List<ImageResult> generate(EmbeddingSet embeddings) {
    return AdapterImages.generate("watermelon", AdapterSet.NONE, embeddings);
  }

  private static EmbeddingSet watermelon() {
    Path path = EmbeddedModels.watermelon();
    EmbeddingFile file = EmbeddingFile.open(path);
    return new EmbeddingSet(List.of(new EmbeddingSet.Token(file.token(path.toString()), file)));
  }
}
