package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.sampler.PredictionType;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.testing.PublishedFiles;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.vae.VaeEncoderConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The networks as the published configurations describe them ask for the published tensors. */
class PublishedModelsTest {

  private static final String UPSCALER = "stable-diffusion-x4-upscaler";
  private static final String OF_ONE = "stable-diffusion-v1-5";

  static List<String> ofTwo() {
    return List.of(
        "stable-diffusion-2",
        "stable-diffusion-2-base",
        "stable-diffusion-2-1",
        "stable-diffusion-2-1-base",
        "sd-turbo");
  }

  static List<String> all() {
    return Stream.concat(ofTwo().stream(), Stream.of(OF_ONE)).toList();
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyFileIsReadAndPartsGoTogether(String model) {
    Path folder = PublishedFiles.of(model);
    ModelIndex.check(folder, ModelFamily.STABLE_DIFFUSION);
    TextConfig text = TextConfig.read(config(model, Component.TEXT_ENCODER));
    UnetConfig unet = UnetConfig.read(config(model, Component.UNET));
    VaeConfig vae = VaeConfig.read(config(model, Component.VAE));

    assertThat(Networks.differences(folder, text, unet, vae)).isEmpty();
    assertThat(Conditioning.of(text))
        .isEqualTo(new Conditioning(77, model.equals(OF_ONE) ? 768 : 1024));
  }

  /** The scheduler's class does not matter, its betas and its prediction do. */
  @ParameterizedTest
  @MethodSource("all")
  void predictsWhatItWasTrainedFor(String model) {
    UnetConfig unet = UnetConfig.read(config(model, Component.UNET));
    SchedulerConfig scheduler =
        ModelFacts.scheduler(
            new Schedulers(
                StrictJson.read(
                    PublishedFiles.of(model).resolve("scheduler/scheduler_config.json")),
                Map.of()),
            "ddim");

    assertThat(PredictionDoubt.of(unet, scheduler)).isEmpty();
    assertThat(scheduler.predictionType())
        .isEqualTo(unet.sampleSize() == 96 ? PredictionType.V_PREDICTION : PredictionType.EPSILON);
  }

  @Test
  void textEncoderOfOne() throws IOException {
    TextConfig config = TextConfig.read(config(OF_ONE, Component.TEXT_ENCODER));

    assertThat(config).isEqualTo(new TextConfig(49408, 768, 3072, 12, 12, 77, 1e-5, "quick_gelu"));
    assertWeights(
        new ClipTextModel(config).record(),
        ReferenceModels.folder("sd15_text_encoder_keys.txt"),
        name -> !name.endsWith("position_ids"));
  }

  /** One number of heads stands for all levels; the projections are convolutions. */
  @Test
  void unetOfOne() throws IOException {
    UnetConfig config = UnetConfig.read(config(OF_ONE, Component.UNET));

    assertThat(config.heads()).containsExactly(8L, 8L, 8L, 8L);
    assertThat(config.linearProjection()).isFalse();
    assertWeights(
        new Unet2dConditionModel(config).record(Dtype.FLOAT32, 1, 2, 64, 64, 77),
        ReferenceModels.folder("sd15_unet_keys.txt"),
        name -> true);
  }

  @ParameterizedTest
  @MethodSource("ofTwo")
  void textEncoder(String model) throws IOException {
    TextConfig config = TextConfig.read(config(model, Component.TEXT_ENCODER));

    assertThat(config).isEqualTo(new TextConfig(49408, 1024, 4096, 23, 16, 77, 1e-5, "gelu"));
    assertWeights(
        new ClipTextModel(config).record(),
        PublishedFiles.of("text-encoder-keys.txt"),
        name -> !name.endsWith("position_ids"));
  }

  @ParameterizedTest
  @MethodSource("ofTwo")
  void unet(String model) throws IOException {
    UnetConfig config = UnetConfig.read(config(model, Component.UNET));

    assertThat(config.sampleSize()).isEqualTo(model.matches(".*(base|turbo)") ? 64 : 96);
    assertWeights(
        new Unet2dConditionModel(config).record(Dtype.FLOAT32, 1, 2, 64, 64, 77),
        PublishedFiles.of("unet-keys.txt"),
        name -> true);
  }

  @ParameterizedTest
  @MethodSource("all")
  void vaeDecoder(String model) throws IOException {
    VaeConfig config = VaeConfig.read(config(model, Component.VAE));

    assertThat(config.scalingFactor()).isEqualTo(0.18215);
    assertWeights(
        new AutoencoderKlDecoder(config).record(Dtype.FLOAT32, 1, 64, 64),
        PublishedFiles.of("vae-keys.txt"),
        name -> !name.startsWith("encoder.") && !name.startsWith("quant_conv."));
  }

  @ParameterizedTest
  @MethodSource("all")
  void vaeEncoder(String model) throws IOException {
    VaeEncoderConfig config = VaeEncoderConfig.read(config(model, Component.VAE));

    assertThat(config.quantConv()).isTrue();
    assertWeights(
        new AutoencoderKlEncoder(config).record(Dtype.FLOAT32, 1, 512, 512),
        PublishedFiles.of("vae-keys.txt"),
        name -> name.startsWith("encoder.") || name.startsWith("quant_conv."));
  }

  /** Its VAE has a level less; what its UNet sees beside the latents is three channels. */
  @Test
  void upscaler() throws IOException {
    Path folder = PublishedFiles.of(UPSCALER);
    ModelIndex.check(folder, ModelFamily.STABLE_DIFFUSION);
    TextConfig text = TextConfig.read(config(UPSCALER, Component.TEXT_ENCODER));
    UnetConfig unet = UnetConfig.read(config(UPSCALER, Component.UNET));
    VaeConfig vae = VaeConfig.read(config(UPSCALER, Component.VAE));

    assertThat(Networks.differences(folder, text, unet, vae)).isEmpty();
    assertThat(ModelKind.UPSCALING.isOf(unet, vae)).isTrue();
    Upscaling upscaling = Upscaling.read(folder, unet, vae);
    assertThat(upscaling.mostNoise()).isEqualTo(350);
    assertThat(upscaling.noise().betaEnd()).isEqualTo(0.02);
    assertWeights(
        new Unet2dConditionModel(unet).record(Dtype.FLOAT32, 1, 2, 128, 128, 77),
        ReferenceModels.folder("upscaler_unet_keys.txt"),
        name -> true);
    assertWeights(
        new AutoencoderKlDecoder(vae).record(Dtype.FLOAT32, 1, 64, 64),
        ReferenceModels.folder("upscaler_vae_keys.txt"),
        name -> name.startsWith("decoder.") || name.startsWith("post_quant_conv."));
  }

  private static Path config(String model, Component component) {
    return PublishedFiles.of(model).resolve(component.folder()).resolve("config.json");
  }

  /** Lines are a name and sizes: {@code conv_in.weight 320,4,3,3}. */
  private static void assertWeights(Graph graph, Path keys, Predicate<String> used)
      throws IOException {
    Map<String, Shape> published = new TreeMap<>();
    for (String line : Files.readAllLines(keys)) {
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
