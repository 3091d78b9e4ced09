package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelConfigTest {

  @TempDir Path folder;

  @Test
  void takesTheSchedulerOfTheModelFolderByDefault() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).model())
        .isEqualTo(
            new ModelConfig(
                "./models/small", "", WeightChoice.USUAL, "", "", Map.of(), AccessToken.NONE));
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).model())
        .isEqualTo(
            new ModelConfig(
                "/models/sd2",
                "fp16",
                WeightChoice.of(WeightFormat.FLAX),
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "/scratch/models",
                Map.of("timestep_spacing", "trailing", "rescale_betas_zero_snr", true),
                new AccessToken("hf_secret"),
                new LoraConfig(
                    List.of(
                        new Lora("styles/ink.safetensors", 0.5),
                        new Lora("org/name@v1/b.safetensors", 1)),
                    LoraUnmatched.IGNORE),
                new EmbeddingConfig(
                    List.of(
                        new Embedding("toys/toy.safetensors", "<toy>"),
                        new Embedding("hdfs://host/x.safetensors", ""))),
                new ControlNetFolders(
                    List.of(
                        new ControlNetFolder("control/edges", 0.5),
                        new ControlNetFolder("control/depth", 1),
                        new ControlNetFolder("control/pose", 1)))));
  }

  @Test
  void refusesWhatCannotWork() {
    assertThatThrownBy(
            () ->
                new ModelConfig(
                    " ",
                    "",
                    WeightChoice.USUAL,
                    "ABC",
                    "s3a://b/cache",
                    Map.of("timestep_spaceing", "x"),
                    AccessToken.NONE))
        .hasMessage(
            """
            Cannot use pretrained_model_name_or_path: it must name a model folder (not set)
            Cannot use model_digest: it must be a SHA-256 in lower-case hex, run.json has a \
            model's (ABC)
            Cannot use model_cache_dir: it must be a local folder, weights are mapped \
            (s3a://b/cache)
            Cannot use diffusion_scheduler_config: it has no key 'timestep_spaceing' (nearest: \
            timestep_spacing)""");
  }

  @Test
  void takesAnyPathThatHadoopReads() {
    String override = "pretrained_model_name_or_path=s3a://bucket/sd2";

    assertThat(ConfigText.load(folder, ConfigText.MINIMAL, override).model().folder())
        .isEqualTo("s3a://bucket/sd2");
  }

  @Test
  void readsSchedulerKeysFromOneLine() {
    String override = "diffusion_scheduler_config={prediction_type: v_prediction, beta_end: 0.012}";

    assertThat(ConfigText.load(folder, ConfigText.MINIMAL, override).model().schedulerOverrides())
        .isEqualTo(Map.of("prediction_type", "v_prediction", "beta_end", 0.012));
  }

  @Test
  void readsMaxDiffusionsEmptyValuesAsTheCheckpoints() {
    String yaml =
        ConfigText.MINIMAL
            + """
            diffusion_scheduler_config: {
              _class_name: '',
              prediction_type: '',
              rescale_zero_terminal_snr: False,
              timestep_spacing: ''
            }
            """;

    assertThat(ConfigText.load(folder, yaml).model().schedulerOverrides())
        .isEqualTo(Map.of("rescale_betas_zero_snr", false));
  }

  @Test
  void refusesOtherSchedulerClasses() {
    String override = "diffusion_scheduler_config={\"_class_name\": \"PNDMScheduler\"}";

    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, override))
        .hasMessage(
            "Cannot use diffusion_scheduler_config: _class_name must be DDIMScheduler"
                + " (PNDMScheduler)");
  }

  @Test
  void refusesAnotherUnet() {
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "unet_checkpoint=my/unet"))
        .hasMessage(
            "Cannot use unet_checkpoint: it has no meaning here, put that UNet into the model"
                + " folder's unet/ (command line)");
  }

  @Test
  void showsNoToken() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).model().toString())
        .contains("accessToken=(set)")
        .doesNotContain("hf_secret");
    assertThatThrownBy(() -> new AccessToken("hf secret"))
        .hasMessage(
            "Cannot use hf_access_token: it must be visible ASCII characters (others are in it)");
  }
}
