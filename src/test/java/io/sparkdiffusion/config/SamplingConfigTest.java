package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplingConfigTest {

  @TempDir Path folder;

  @Test
  void hasTheDefaultsOfThePage() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).sampling())
        .isEqualTo(new SamplingConfig("", 0, 1, 50, 7.5, 0.0, 512, 512, "ddim", 0.0));
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).sampling())
        .isEqualTo(new SamplingConfig("blurry", -9, 3, 20, 5.0, 0.7, 768, 640, "ddim", 0.5));
  }

  @Test
  void refusesANegativePromptThatIsNone() {
    assertThatThrownBy(
            () -> new SamplingConfig("n".repeat(100_001), 0, 1, 1, 1, 0, 8, 8, "ddim", 0))
        .hasMessage("Cannot use negative_prompt: it must have at most 100000 characters (100001)");
  }

  @Test
  void refusesWhatARowCouldNotHaveEither() {
    assertThatThrownBy(
            () -> new SamplingConfig("", 0, 0, 1001, Double.NaN, 1.1, 500, 4104, "pndm", -0.1))
        .hasMessage(
            """
            Cannot use num_images: it must be 1 to 10000 (0)
            Cannot use num_inference_steps: it must be 1 to 1000 (1001)
            Cannot use guidance_scale: it must be finite and 0 or more (NaN)
            Cannot use guidance_rescale: it must be 0 to 1 (1.1)
            Cannot use height: it must be a multiple of 8 from 8 to 4096 (500)
            Cannot use width: it must be a multiple of 8 from 8 to 4096 (4104)
            Cannot use scheduler: it must be ddim (pndm)
            Cannot use eta: it must be 0 to 1 (-0.1)""");
  }

  @Test
  void acceptsTheLimits() {
    assertThat(new SamplingConfig("", 0, 10_000, 1000, 0, 1, 8, 4096, "ddim", 1).eta())
        .isEqualTo(1);
    assertThat(new SamplingConfig("", 0, 1, 1, 0, 0, 4096, 8, "ddim", 0).numInferenceSteps())
        .isEqualTo(1);
  }

  @Test
  void takesHeightAndWidthFromTheResolution() {
    SamplingConfig sampling =
        ConfigText.load(folder, ConfigText.MINIMAL, "resolution=768", "width=512").sampling();

    assertThat(sampling.heightPixels()).isEqualTo(768);
    assertThat(sampling.widthPixels()).isEqualTo(512);
  }

  @Test
  void namesAWrongResolutionOnce() {
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "resolution=500"))
        .hasMessage("Cannot use resolution: it must be a multiple of 8 from 8 to 4096 (500)");
  }

  @Test
  void makesABatchOfPicturesOfASinglePrompt() {
    String[] overrides = {"prompt=a cat", "per_device_batch_size=4"};

    assertThat(ConfigText.load(folder, ConfigText.MINIMAL, overrides).sampling().numImages())
        .isEqualTo(4);
    assertThat(
            ConfigText.load(folder, ConfigText.MINIMAL, "prompt=a cat", "num_images=2")
                .sampling()
                .numImages())
        .isEqualTo(2);
  }

  @Test
  void printsWithoutItsText() {
    SamplingConfig sampling = new SamplingConfig("blurry", 0, 1, 1, 0, 0, 8, 8, "ddim", 0);

    assertThat(sampling.toString()).contains("seed=0").doesNotContain("blurry");
  }
}
