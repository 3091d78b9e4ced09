package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceFile;
import java.util.List;
import java.util.Map;

/** The prompts of which diffusers drew images with the adapters that ship with the project. */
final class AdapterImages {

  private static final ReferenceFile NUMBERS =
      ReferenceFile.ofResource("meaning/adapters.safetensors");
  private static final DiffusersImages IMAGES =
      new DiffusersImages(NUMBERS, 15, 7.5, EmbeddedModels.RESOLUTION);

  private AdapterImages() {}

  /**
   * Draws the prompts that diffusers drew under a name.
   *
   * @param name of the adapter; with its weight behind a colon where it has one
   */
  static List<ImageResult> generate(String name, AdapterSet loras, EmbeddingSet embeddings) {
    List<ImageRequest> requests = IMAGES.requests(name, Parameters.GUIDANCE_RESCALE.of(0.7));
    assertThat(requests).hasSize(2);
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(EmbeddedModels.version21()),
            loras,
            embeddings,
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      return pipeline.generate(requests);
    }
  }

  static void assertEqualDiffusers(List<ImageResult> results) {
    results.forEach(result -> EmbeddedModelsTest.equalValues(result, NUMBERS));
  }
}
