package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.testing.AdapterFiles;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageEncoderNetworkTest {

  @TempDir Path folder;

  /** Half of a folder's VAE each: what one of them reads, the other passes over. */
  @Test
  void encoderAndDecoderShareTheFiles() {
    for (Path root : new Path[] {ReferenceModels.folder("base"), EmbeddedModels.base()}) {
      ModelFolder model = ModelFolder.open(root);
      Map<String, Shape> encoder = ImageEncoderNetwork.check(model).weights().shapes();
      Map<String, Shape> decoder = Networks.check(model).weights(Component.VAE).shapes();

      assertThat(encoder).hasSizeGreaterThan(50).doesNotContainKeys(names(decoder));
      assertThat(encoder.keySet()).allMatch(AutoencoderKlEncoder::hasWeight);
    }
  }

  private static String[] names(Map<String, Shape> weights) {
    return weights.keySet().toArray(String[]::new);
  }

  @Test
  void onlyWhoEncodesImagesAsksForTheEncodersWeights() throws IOException {
    Path root = CopiedModel.of("base", folder.resolve("base"));
    VaeConfig config = VaeConfig.read(root.resolve("vae/config.json"));
    AdapterFiles.zeros(
        root.resolve("vae/diffusion_pytorch_model.safetensors"),
        Networks.smallest(config).weights().entrySet().stream()
            .map(weight -> "%s F32 %s".formatted(weight.getKey(), sizes(weight.getValue())))
            .toArray(String[]::new));
    ModelFolder model = ModelFolder.open(root);

    assertThat(Networks.check(model).weights(Component.VAE).shapes()).isNotEmpty();
    assertThatThrownBy(() -> ImageEncoderNetwork.check(model))
        .isInstanceOf(ProblemsException.class)
        .hasMessageMatching(
            "Cannot find \\d+ weights of vae: the network needs them \\(encoder\\.conv_in\\.bias .*");
  }

  private static String sizes(Shape shape) {
    return Arrays.stream(shape.sizes()).mapToObj(Long::toString).collect(Collectors.joining(","));
  }

  @Test
  void onlyWhoEncodesImagesReadsTheEncodersKeys() throws IOException {
    Path root = CopiedModel.of("base", folder.resolve("base"));
    Path file = root.resolve("vae/config.json");
    Files.writeString(
        file, Files.readString(file).replace("\"in_channels\": 3", "\"in_channels\": 4"));
    ModelFolder model = ModelFolder.open(root);

    assertThat(Networks.check(model).vae().outChannels()).isEqualTo(3);
    assertThatThrownBy(() -> ImageEncoderNetwork.check(model))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot use in_channels of %s: images have 3 channels (4)".formatted(file));
  }

  @Test
  void theUsualCallIsOneImageOfTheTrainedSize() {
    ModelFolder model = ModelFolder.open(EmbeddedModels.base());
    Graph usual = ImageEncoderNetwork.check(model).usual(Networks.check(model), Dtype.FLOAT32);

    assertThat(usual.inputs()).containsExactly(Shape.of(1, 3, 128, 128));
    assertThat(usual.resultShape()).isEqualTo(Shape.of(1, 8, 16, 16));
  }
}
