package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceFile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The upscaler that ships with the project makes large images of small ones. */
class EmbeddedUpscalerTest {

  private static final ReferenceFile NUMBERS =
      ReferenceFile.ofResource("meaning/upscaler.safetensors");
  private static final DiffusersImages IMAGES = new DiffusersImages(NUMBERS, 10, 1.0, 256);
  private static final long LARGEST_BYTES = 9_000_000;

  @Test
  void isSmallAndHasItsCard() throws IOException {
    assertThat(EmbeddedModelsTest.bytesOfComplete(EmbeddedModels.x4()))
        .isLessThanOrEqualTo(LARGEST_BYTES);
  }

  @Test
  void makesWhatDiffusersMakes() {
    List<ImageResult> results = generate();
    assertThat(results).hasSize(2);
    results.forEach(result -> EmbeddedModelsTest.equalValues(result, NUMBERS));
  }

  private static List<ImageResult> generate() {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(EmbeddedModels.x4()),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      return pipeline.generate(requests(), (request, input) -> small(request), 1);
    }
  }

  private static List<ImageRequest> requests() {
    return IMAGES.requests(
        "upscaled", Parameters.NOISE_LEVEL.of(20), Parameters.INIT_IMAGE.of("small.png"));
  }

  private static byte[] small(ImageRequest request) {
    return NUMBERS.bytes(request.id().replace("upscaled/", "small/"));
  }
}
