package io.sparkdiffusion.meaning;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.family.ControlNetNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.image.Canny;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.pipeline.Additions;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.pipeline.WeightedControlNet;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The ControlNet that ships with the project draws over edges, as its card says. */
class EmbeddedControlNetTest {

  private static final ReferenceFile NUMBERS =
      ReferenceFile.ofResource("meaning/controlnet.safetensors");
  private static final int SIZE = EmbeddedModels.RESOLUTION;
  private static final DiffusersImages IMAGES = new DiffusersImages(NUMBERS, 15, 7.5, SIZE);
  private static final long LARGEST_BYTES = 3_000_000;

  @Test
  void isSmallAndHasItsCard() throws IOException {
    Path folder = EmbeddedModels.canny();
    assertThat(Files.size(folder.resolve("diffusion_pytorch_model.safetensors")))
        .isLessThanOrEqualTo(LARGEST_BYTES);
    assertThat(folder.resolve("README.md")).isNotEmptyFile();
  }

  @Test
  void drawsOverEdgesWhatDiffusersDraws() {
    List<ImageResult> with =
        generate(
            List.of(new WeightedControlNet(ControlNetNetwork.open(EmbeddedModels.canny()), 1)));
    with.forEach(result -> EmbeddedModelsTest.equalValues(result, NUMBERS));
    assertThat(with).allMatch(result -> followed(result) > 0.6);
    assertThat(generate(List.of())).allMatch(result -> followed(result) < 0.4);
  }

  private static List<ImageResult> generate(List<WeightedControlNet> controlNets) {
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(EmbeddedModels.version21()),
            new Additions(AdapterSet.NONE, EmbeddingSet.NONE, controlNets),
            new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      return pipeline.generate(requests(), (request, input) -> edges(request).rgb(), 1);
    }
  }

  private static List<ImageRequest> requests() {
    return IMAGES.requests("canny", Parameters.CONTROL_IMAGE.of("scene.png"));
  }

  /** Of the scene that an image was drawn over. */
  private static RgbImage edges(ImageRequest request) {
    byte[] scene = NUMBERS.bytes(request.id().replace("canny/", "scene/"));
    return Canny.edges(new RgbImage(SIZE, SIZE, scene));
  }

  /** The share of the scene's edges that have one of the image's within a pixel. */
  private static double followed(ImageResult result) {
    RgbImage wanted = edges(result.request());
    RgbImage made = Canny.edges(new RgbImage(SIZE, SIZE, ((ImageResult.Generated) result).rgb()));
    int[] given = IntStream.range(0, SIZE * SIZE).filter(pixel -> isEdge(wanted, pixel)).toArray();
    long near = IntStream.of(given).filter(pixel -> isNearEdge(made, pixel)).count();
    return (double) near / given.length;
  }

  private static boolean isNearEdge(RgbImage image, int pixel) {
    int x = pixel % SIZE;
    int y = pixel / SIZE;
    return IntStream.rangeClosed(Math.max(0, y - 1), Math.min(SIZE - 1, y + 1))
        .flatMap(
            row ->
                IntStream.rangeClosed(Math.max(0, x - 1), Math.min(SIZE - 1, x + 1))
                    .map(column -> row * SIZE + column))
        .anyMatch(near -> isEdge(image, near));
  }

  private static boolean isEdge(RgbImage image, int pixel) {
    return image.rgb()[3 * pixel] != 0;
  }
}
