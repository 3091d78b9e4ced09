package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.sampler.SchedulerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuitedConfigTest {

  @ParameterizedTest
  @CsvSource({
    "epsilon, false, 512, configs/base_2_base.yml, ''",
    "epsilon, false, 768, configs/base_2_base.yml, resolution=768",
    "v_prediction, false, 768, configs/base21.yml, resolution=768",
    "v_prediction, true, 768, configs/base21.yml, resolution=768 guidance_rescale=0.7",
    "sample, false, 512, configs/base21.yml, ''",
    "epsilon, false, 128, configs/tiny.yml, ''",
    "epsilon, false, 64, configs/tiny.yml, resolution=64",
    "v_prediction, true, 128, configs/tiny_21.yml, ''",
  })
  void goesByPredictionAndSize(
      String prediction, boolean zeroSnr, long pixels, String file, String settings) {
    SuitedConfig config = suited(prediction, zeroSnr, pixels);

    assertThat(config.file()).isEqualTo(file);
    assertThat(String.join(" ", config.settings())).isEqualTo(settings);
    assertThat(config.reasons()).anyMatch(reason -> reason.endsWith(" " + prediction));
  }

  @Test
  void goesByTheTextStatesToo() {
    assertThat(suited("epsilon", false, 512, 768).file()).isEqualTo("configs/sd15.yml");
    assertThat(suited("v_prediction", false, 768, 768).file()).isEqualTo("configs/base21.yml");
    assertThat(suited("epsilon", false, 64, 768).file()).isEqualTo("configs/tiny.yml");
  }

  @Test
  void anUpscalerHasItsOwn() {
    assertThat(
            SuitedConfig.ofUpscaler(512, 1024).command(List.of("pretrained_model_name_or_path=x4")))
        .isEqualTo(
            "./jobs/generate configs/x4_upscaler.yml pretrained_model_name_or_path=x4"
                + " init_image=small.png 'prompt=a photograph of an astronaut riding a horse'");
    assertThat(SuitedConfig.ofUpscaler(64, 1024).settings())
        .containsExactly("init_image=small.png", "resolution=64");
    assertThat(SuitedConfig.ofUpscaler(512, 128).command(List.of()))
        .isEqualTo(
            "./jobs/generate configs/tiny_x4.yml init_image=small.png"
                + " 'prompt=a photograph of an astronaut riding a horse'");
  }

  /** What is given beside a configuration is what that file does not say itself. */
  @ParameterizedTest
  @CsvSource({
    "configs/base_2_base.yml, 512, 0",
    "configs/base21.yml, 512, 0",
    "configs/sd15.yml, 512, 0",
    "configs/x4_upscaler.yml, 512, 0",
    "configs/tiny.yml, 128, 0",
    "configs/tiny_21.yml, 128, 0.7",
    "configs/tiny_x4.yml, 512, 0",
  })
  void knowsWhatTheFilesSay(String file, int pixels, double rescale) {
    JobConfig config =
        JobConfig.load(Path.of(file), List.of("pretrained_model_name_or_path=x", "prompt=x"));

    assertThat(config.sampling().get(Parameters.HEIGHT)).isEqualTo(pixels);
    assertThat(config.sampling().get(Parameters.GUIDANCE_RESCALE)).isEqualTo(rescale);
  }

  @Test
  void writesACommandForAShell() {
    assertThat(
            suited("v_prediction", false, 768)
                .command(List.of("pretrained_model_name_or_path=/my models/sd")))
        .isEqualTo(
            "./jobs/generate configs/base21.yml 'pretrained_model_name_or_path=/my models/sd'"
                + " resolution=768 'prompt=a photograph of an astronaut riding a horse'");
  }

  private static SuitedConfig suited(String prediction, boolean zeroSnr, long pixels) {
    return suited(prediction, zeroSnr, pixels, 1024);
  }

  private static SuitedConfig suited(
      String prediction, boolean zeroSnr, long pixels, long textWidth) {
    Map<String, Object> json =
        Map.of("prediction_type", prediction, "rescale_betas_zero_snr", zeroSnr);
    return SuitedConfig.of(SchedulerConfig.of(json, Map.of()), pixels, textWidth);
  }
}
