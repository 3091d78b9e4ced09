package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.testing.NarrowModel;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What Flax, diffusers and transformers wrote themselves, against safetensors of the same model.
 */
class FlaxWeightsTest {

  private static final ModelFamily FAMILY = ModelFamily.STABLE_DIFFUSION;

  private static Path flax;
  private static Path safetensors;
  private static TorchDevice device;

  @BeforeAll
  static void open(@TempDir Path folder) throws IOException {
    flax = NarrowModel.flax(folder.resolve("flax"));
    safetensors = NarrowModel.safetensors(folder.resolve("safetensors"));
    device = TorchDevice.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** The VAE's encoder is among them, which no image needs. */
  @ParameterizedTest
  @CsvSource({
    "TEXT_ENCODER, F32, FLOAT32",
    "TEXT_ENCODER, F32, BFLOAT16",
    "UNET, BF16, FLOAT32",
    "UNET, BF16, BFLOAT16",
    "VAE, F16, FLOAT32"
  })
  void everyTensorIsTheSameBitForBit(Component component, String type, Dtype dtype)
      throws Exception {
    ModelFolder expected = ModelFolder.open(safetensors);
    ModelFolder actual = ModelFolder.open(flax, WeightFormat.FLAX);
    Map<String, Shape> all = tensors(expected, component);

    assertThat(tensors(actual, component)).isEqualTo(all).hasSizeGreaterThan(15);
    assertThat(types(actual, component)).containsOnly(type);
    assertThat(values(actual, component, all, dtype))
        .containsExactly(values(expected, component, all, dtype));
  }

  private static Map<String, Shape> tensors(ModelFolder folder, Component component) {
    return new TreeMap<>(
        files(folder, component).stream()
            .flatMap(path -> WeightFile.open(path).tensors().values().stream())
            .collect(
                Collectors.toMap(
                    tensor -> FAMILY.files(component).currentName(tensor.name()),
                    StoredTensor::shape)));
  }

  private static List<Path> files(ModelFolder folder, Component component) {
    WeightChoice choice = WeightChoice.of(ModelFolder.formatOf(folder.root()));
    return FAMILY.weightFiles(folder.root(), choice, component);
  }

  private static Iterable<String> types(ModelFolder folder, Component component) {
    return WeightFile.open(files(folder, component).get(0)).tensors().values().stream()
        .map(StoredTensor::type)
        .toList();
  }

  /** All weights as libtorch has them, one after another. */
  private static float[] values(
      ModelFolder folder, Component component, Map<String, Shape> all, Dtype dtype)
      throws Exception {
    Graph graph = new Graph("all weights");
    graph.returns(
        Tensor.cat(
            0,
            all.entrySet().stream()
                .map(
                    entry ->
                        graph
                            .scope()
                            .weight(entry.getKey(), entry.getValue().sizes())
                            .to(Dtype.FLOAT32)
                            .reshape(entry.getValue().count()))
                .toArray(Tensor[]::new)));
    try (WeightDictionary weights =
            WeightDictionary.load(device, folder.weights(component, all), dtype, Map.of());
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        DeviceTensor output = compiled.run()) {
      return output.toFloats();
    }
  }

  @Test
  void largeArraysComeInChunks() {
    FlaxFile file =
        FlaxFile.open(ReferenceModels.folder("variants/flax/text_encoder/flax_model.msgpack"));

    StoredTensor table = file.tensors().get("text_model/embeddings/token_embedding/embedding");
    assertThat(table.name()).isEqualTo("text_model.embeddings.token_embedding.weight");
    assertThat(table.shape()).isEqualTo(Shape.of(1014, 16));
    assertThat(table.spans()).hasSize(16);
    assertThat(table.bytes()).isEqualTo(4 * 1014 * 16);
  }
}
