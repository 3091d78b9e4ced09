package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.testing.PublishedFiles;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.weights.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks as the published configurations describe them ask for the published tensors. */
class PublishedModelsTest {

  @ParameterizedTest
  @ValueSource(strings = {"stable-diffusion-2-1", "stable-diffusion-2-1-base"})
  void textEncoder(String model) throws IOException {
    TextConfig config = TextConfig.read(config(model, Component.TEXT_ENCODER));

    assertThat(config).isEqualTo(new TextConfig(49408, 1024, 4096, 23, 16, 77, 1e-5, "gelu"));
    assertWeights(
        new ClipTextModel(config).record(),
        "text-encoder-keys.txt",
        name -> !name.endsWith("position_ids"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stable-diffusion-2-1", "stable-diffusion-2-1-base"})
  void unet(String model) throws IOException {
    UnetConfig config = UnetConfig.read(config(model, Component.UNET));

    assertThat(config.sampleSize()).isEqualTo(model.endsWith("base") ? 64 : 96);
    assertWeights(
        new Unet2dConditionModel(config).record(Dtype.FLOAT32, 1, 2, 64, 64, 77),
        "unet-keys.txt",
        name -> true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stable-diffusion-2-1", "stable-diffusion-2-1-base"})
  void vaeDecoder(String model) throws IOException {
    VaeConfig config = VaeConfig.read(config(model, Component.VAE));

    assertThat(config.scalingFactor()).isEqualTo(0.18215);
    assertWeights(
        new AutoencoderKlDecoder(config).record(Dtype.FLOAT32, 1, 64, 64),
        "vae-keys.txt",
        name -> !name.startsWith("encoder.") && !name.startsWith("quant_conv."));
  }

  private static Path config(String model, Component component) {
    return PublishedFiles.of(model).resolve(component.folder()).resolve("config.json");
  }

  /** Lines are a name and sizes: {@code conv_in.weight 320,4,3,3}. */
  private static void assertWeights(Graph graph, String keys, Predicate<String> used)
      throws IOException {
    Map<String, Shape> published = new TreeMap<>();
    for (String line : Files.readAllLines(PublishedFiles.of(keys))) {
      String[] parts = line.split(" ", -1);
      long[] sizes = Arrays.stream(parts[1].split(",", -1)).mapToLong(Long::parseLong).toArray();
      if (used.test(parts[0])) {
        published.put(todaysName(parts[0]), Shape.of(sizes));
      }
    }
    assertThat(new TreeMap<>(graph.weights())).isEqualTo(published);
  }

  private static String todaysName(String name) {
    return name.replace("attentions.0.query", "attentions.0.to_q")
        .replace("attentions.0.key", "attentions.0.to_k")
        .replace("attentions.0.value", "attentions.0.to_v")
        .replace("attentions.0.proj_attn", "attentions.0.to_out.0");
  }
}
