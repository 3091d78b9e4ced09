package io.sparkdiffusion.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.testing.ReferenceModels;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DigestedImagesTest {

  @Test
  void theSameImagesHaveTheSameDigestAndOthersAnother() {
    try (DigestedImages images =
        new DigestedImages(
            ModelFolder.open(ReferenceModels.folder("base")),
            new PipelineOptions("cpu", "float32", 2, Map.of()),
            64,
            2)) {
      Map<String, Object> first = images.make(0, 3, 2);
      assertThat(first).containsEntry("failed", 0L).containsEntry("halvings", 0);
      assertThat(images.make(0, 3, 2)).containsEntry("sha256", first.get("sha256"));
      assertThat(images.make(1, 3, 2).get("sha256")).isNotEqualTo(first.get("sha256"));
    }
  }
}
