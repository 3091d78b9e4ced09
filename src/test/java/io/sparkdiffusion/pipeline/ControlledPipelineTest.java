package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ControlNetNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs against diffusers' StableDiffusionControlNetPipeline and its image-to-image twin. */
class ControlledPipelineTest {

  static List<PipelineCase> runs() {
    return PipelineCase.controlled();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentAndThePixelsEqualDiffusers(PipelineCase run) {
    StableDiffusionPipelineTest.assertEqualToDiffusers(run, additions(run), images(run));
  }

  /** Nor on the scale of its neighbours; padded and in another batch. */
  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16"})
  void bytesDoNotDependOnNeighbours(String dtype) {
    PipelineCase run = named("v21-two-part");
    List<ImageRequest> requests = run.requests();
    ImageRequest other = requests.get(1).with(Parameters.CONTROLNET_CONDITIONING_SCALE.of(1.5));
    InputPixels images = images(run);
    try (StableDiffusionPipeline pipeline = load(run, dtype, 3)) {
      byte[] alone = rgb(pipeline.generate(requests.subList(0, 1), images, 3).get(0));

      assertThat(rgb(pipeline.generate(requests, images, 3).get(0))).isEqualTo(alone);
      List<ImageResult> beside =
          pipeline.generate(List.of(other, requests.get(0), requests.get(1)), images, 3);
      assertThat(rgb(beside.get(1))).isEqualTo(alone);
      assertThat(rgb(beside.get(0))).isNotEqualTo(rgb(beside.get(2)));
    }
  }

  /** With a range that holds no step nothing is left of the ControlNets. */
  @Test
  void withoutASayImagesAreThoseOfTheModelAlone() {
    PipelineCase run = named("v21-half");
    List<ImageRequest> requests =
        run.requests().stream()
            .map(request -> request.with(Parameters.CONTROL_GUIDANCE_END.of(0.01)))
            .toList();
    List<ImageResult> expected;
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder(run.model())), options("float32", 2))) {
      expected = pipeline.generate(requests);
    }
    try (StableDiffusionPipeline pipeline = load(run, "float32", 2)) {
      List<ImageResult> actual = pipeline.generate(requests, images(run), 2);

      assertThat(rgb(actual.get(1))).isEqualTo(rgb(expected.get(1)));
      List<ImageResult> controlled = pipeline.generate(run.requests(), images(run), 2);
      assertThat(rgb(controlled.get(1))).isNotEqualTo(rgb(expected.get(1)));
    }
  }

  @Test
  void aControlNetOfAnotherModelIsRefused() {
    PipelineCase run = named("sd15-part");

    assertThatThrownBy(
            () ->
                StableDiffusionPipeline.load(
                    ModelFolder.open(ReferenceModels.folder("v21")),
                    additions(run),
                    options("float32", 1)))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot use ControlNet ")
        .hasMessageContaining(
            "its cross_attention_dim must be as the model's (24, the model has 32)");
  }

  private static PipelineCase named(String name) {
    return runs().stream().filter(run -> run.name().equals(name)).findFirst().orElseThrow();
  }

  private static StableDiffusionPipeline load(PipelineCase run, String dtype, int batchSize) {
    return StableDiffusionPipeline.load(
        ModelFolder.open(ReferenceModels.folder(run.model())),
        additions(run),
        options(dtype, batchSize));
  }

  private static PipelineOptions options(String dtype, int batchSize) {
    return new PipelineOptions("cpu", dtype, batchSize, Map.of());
  }

  private static byte[] rgb(ImageResult result) {
    return ((ImageResult.Generated) result).rgb();
  }

  private static Additions additions(PipelineCase run) {
    return new Additions(
        AdapterSet.NONE,
        EmbeddingSet.NONE,
        run.controlNets().stream().map(ControlledPipelineTest::network).toList());
  }

  private static WeightedControlNet network(String written) {
    String[] parts = written.split(":", -1);
    return new WeightedControlNet(
        ControlNetNetwork.open(PipelineCase.CONTROL_NETS.resolve(parts[0])),
        parts.length == 1 ? 1 : Double.parseDouble(parts[1]));
  }

  private static InputPixels images(PipelineCase run) {
    ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
    ImageRequest first = run.requests().get(0);
    String size = "%sx%s".formatted(first.heightPixels(), first.widthPixels());
    return (request, input) -> {
      int place = InputImage.OF_CONTROL_NETS.indexOf(input);
      byte[] all = numbers.bytes((place < 0 ? "images/" : "control/" + place + "/") + size);
      int count = all.length / run.requests().size();
      int row = Integer.parseInt(request.id().substring("row".length()));
      return Arrays.copyOfRange(all, row * count, (row + 1) * count);
    };
  }
}
