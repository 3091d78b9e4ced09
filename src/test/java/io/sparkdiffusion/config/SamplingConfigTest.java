package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.testing.Requests;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplingConfigTest {

  @TempDir Path folder;

  @Test
  void hasTheDefaultsOfThePage() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).sampling())
        .isEqualTo(Requests.configured());
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).sampling())
        .isEqualTo(
            Requests.configured(
                Parameters.NEGATIVE_PROMPT.of("blurry"),
                Parameters.PROMPT_SYNTAX.of("a1111"),
                Parameters.CLIP_SKIP.of(2),
                Parameters.SEED.of(-9L),
                Parameters.NUM_IMAGES.of(3),
                Parameters.NUM_INFERENCE_STEPS.of(20),
                Parameters.GUIDANCE_SCALE.of(5.0),
                Parameters.GUIDANCE_RESCALE.of(0.7),
                Parameters.HEIGHT.of(768),
                Parameters.WIDTH.of(640),
                Parameters.ETA.of(0.5),
                Parameters.VAE_TILING.of("on"),
                Parameters.INIT_IMAGE.of("in.png"),
                Parameters.INIT_IMAGE_SHA256.of(
                    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
                Parameters.MASK_IMAGE.of("mask.png"),
                Parameters.MASK_IMAGE_SHA256.of(
                    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
                Parameters.DEPTH_IMAGE.of("depth.png"),
                Parameters.DEPTH_IMAGE_SHA256.of(
                    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
                Parameters.INIT_IMAGE_FIT.of("crop"),
                Parameters.STRENGTH.of(0.6),
                Parameters.NOISE_LEVEL.of(30),
                Parameters.CONTROL_IMAGE.of("edges.png"),
                Parameters.CONTROL_IMAGE_SHA256.of(
                    "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
                Parameters.CONTROL_IMAGE_2.of("depth.png"),
                Parameters.CONTROL_IMAGE_2_SHA256.of(
                    "20112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
                Parameters.CONTROL_IMAGE_3.of("pose.png"),
                Parameters.CONTROL_IMAGE_3_SHA256.of(
                    "30112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
                Parameters.CONTROL_PREPROCESSOR.of("canny,none,canny"),
                Parameters.CONTROLNET_CONDITIONING_SCALE.of(0.9),
                Parameters.CONTROL_GUIDANCE_START.of(0.1),
                Parameters.CONTROL_GUIDANCE_END.of(0.7)));
  }

  @Test
  void refusesANegativePromptThatIsNone() {
    assertThat(problems(Parameters.NEGATIVE_PROMPT.of("n".repeat(100_001))))
        .containsExactly(
            "Cannot use negative_prompt: it must have at most 100000 characters (100001)");
  }

  @Test
  void refusesWhatARowCouldNotHaveEither() {
    assertThat(
            problems(
                Parameters.NUM_IMAGES.of(0),
                Parameters.NUM_INFERENCE_STEPS.of(1001),
                Parameters.GUIDANCE_SCALE.of(Double.NaN),
                Parameters.GUIDANCE_RESCALE.of(1.1),
                Parameters.HEIGHT.of(500),
                Parameters.WIDTH.of(4104),
                Parameters.SCHEDULER.of("plms"),
                Parameters.ETA.of(-0.1)))
        .containsExactly(
            "Cannot use num_images: it must be 1 to 10000 (0)",
            "Cannot use num_inference_steps: it must be 1 to 1000 (1001)",
            "Cannot use guidance_scale: it must be finite and 0 or more (NaN)",
            "Cannot use guidance_rescale: it must be 0 to 1 (1.1)",
            "Cannot use height: it must be a multiple of 8 from 8 to 4096 (500)",
            "Cannot use width: it must be a multiple of 8 from 8 to 4096 (4104)",
            "Cannot use scheduler: it must be ddim, ddpm, pndm, euler, euler_a, heun, lms,"
                + " dpm2, dpm2_a, dpm++_2m, dpm++_2m_sde, dpm++_2s, unipc, deis, lcm, tcd or model (plms)",
            "Cannot use eta: it must be 0 to 1 (-0.1)");
  }

  @Test
  void acceptsTheLimits() {
    assertThat(
            problems(
                Parameters.NUM_IMAGES.of(10_000),
                Parameters.NUM_INFERENCE_STEPS.of(1000),
                Parameters.GUIDANCE_SCALE.of(0.0),
                Parameters.GUIDANCE_RESCALE.of(1.0),
                Parameters.HEIGHT.of(8),
                Parameters.WIDTH.of(4096),
                Parameters.ETA.of(1.0)))
        .isEmpty();
    assertThat(
            problems(
                Parameters.NUM_INFERENCE_STEPS.of(1),
                Parameters.HEIGHT.of(4096),
                Parameters.WIDTH.of(8)))
        .isEmpty();
  }

  private static List<String> problems(Parameter.Value<?>... given) {
    return Requests.job(given).problems(Parameters.OF_BOTH);
  }

  @Test
  void takesHeightAndWidthFromTheResolution() {
    Values sampling =
        ConfigText.load(folder, ConfigText.MINIMAL, "resolution=768", "width=512").sampling();

    assertThat(sampling.get(Parameters.HEIGHT)).isEqualTo(768);
    assertThat(sampling.get(Parameters.WIDTH)).isEqualTo(512);
  }

  @Test
  void namesAWrongResolutionOnce() {
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "resolution=500"))
        .hasMessage("Cannot use resolution: it must be a multiple of 8 from 8 to 4096 (500)");
  }

  @Test
  void makesABatchOfImagesOfASinglePrompt() {
    String[] overrides = {"prompt=a cat", "per_device_batch_size=4"};

    assertThat(
            ConfigText.load(folder, ConfigText.MINIMAL, overrides)
                .sampling()
                .get(Parameters.NUM_IMAGES))
        .isEqualTo(4);
    assertThat(
            ConfigText.load(folder, ConfigText.MINIMAL, "prompt=a cat", "num_images=2")
                .sampling()
                .get(Parameters.NUM_IMAGES))
        .isEqualTo(2);
  }

  @Test
  void printsWithoutItsText() {
    Values sampling =
        Requests.job(
            Parameters.NEGATIVE_PROMPT.of("blurry"),
            Parameters.NUM_INFERENCE_STEPS.of(1),
            Parameters.GUIDANCE_SCALE.of(0.0),
            Parameters.HEIGHT.of(8),
            Parameters.WIDTH.of(8));

    assertThat(sampling.toString()).contains("seed=0").doesNotContain("blurry");
  }
}
