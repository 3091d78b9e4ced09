package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkdiffusion.family.PublishedModel;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFilesTest {

  private static final Path CONFIGS = Path.of("configs");

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(CONFIGS)) {
      return files.filter(file -> file.toString().endsWith(".yml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void loads(Path file) {
    assumeUsable(file);
    JobConfig config =
        JobConfig.load(file, List.of("pretrained_model_name_or_path=/m", "prompt=a cat"));

    assertThat(file).hasFileName(config.runName() + ".yml");
  }

  /** SD-Turbo's publisher documents Euler, which is a sampler of its own. */
  private static void assumeUsable(Path file) {
    assumeTrue(
        !file.endsWith("sd_turbo.yml") || Parameters.SCHEDULER.problem("euler").isEmpty(),
        "waits for scheduler=euler");
  }

  @Test
  void sdTurboIsCalledAsItsPublisherDoes() {
    Path file = CONFIGS.resolve("sd_turbo.yml");
    assumeUsable(file);
    JobConfig config = JobConfig.load(file, List.of("prompt=a cat"));

    assertThat(config.model().folder()).isEqualTo("stabilityai/sd-turbo");
    assertThat(config.model().schedulerOverrides()).containsEntry("timestep_spacing", "trailing");
    assertThat(config.sampling())
        .isEqualTo(
            Requests.configured(
                Parameters.SCHEDULER.of("euler"),
                Parameters.NUM_INFERENCE_STEPS.of(1),
                Parameters.GUIDANCE_SCALE.of(0.0)));
  }

  /** As diffusers' pipeline calls it where nobody says otherwise. */
  @Test
  void theUpscalerIsCalledAsDiffusersDoes() {
    JobConfig config = JobConfig.load(CONFIGS.resolve("x4_upscaler.yml"), List.of("prompt=a cat"));

    assertThat(config.model().folder()).isEqualTo("stabilityai/stable-diffusion-x4-upscaler");
    assertThat(config.sampling())
        .isEqualTo(
            Requests.configured(
                Parameters.NUM_INFERENCE_STEPS.of(75), Parameters.GUIDANCE_SCALE.of(9.0)));
  }

  @Test
  void theEmbeddedUpscalerIsCalledAsItsCardSays() {
    JobConfig config = JobConfig.load(CONFIGS.resolve("tiny_x4.yml"), List.of("prompt=a cat"));

    assertThat(Path.of(config.model().folder(), "low_res_scheduler")).isDirectory();
    assertThat(config.sampling())
        .isEqualTo(
            Requests.configured(
                Parameters.NUM_INFERENCE_STEPS.of(10), Parameters.GUIDANCE_SCALE.of(1.0)));
  }

  @ParameterizedTest
  @CsvSource({
    "base_2_base.yml, STABLE_DIFFUSION_2_BASE",
    "base21.yml, STABLE_DIFFUSION_2_1",
    "sd15.yml, STABLE_DIFFUSION_1_5",
  })
  void namesAModelThatExists(String name, PublishedModel model) {
    JobConfig config = JobConfig.load(CONFIGS.resolve(name), List.of("prompt=a cat"));

    assertThat(config.model().folder()).isEqualTo(model.id());
    assertThat(config.model().revision()).isEqualTo(model.commit());
  }

  @Test
  void coversTheModels() throws IOException {
    assertThat(files().stream().map(file -> file.getFileName().toString()))
        .containsExactly(
            "base21.yml",
            "base_2_base.yml",
            "sd15.yml",
            "sd_turbo.yml",
            "tiny.yml",
            "tiny_21.yml",
            "tiny_x4.yml",
            "x4_upscaler.yml");
  }

  @ParameterizedTest
  @ValueSource(strings = {"base_2_base.yml", "base21.yml", "sd15.yml"})
  void keepsTheDefaultsOfThePage(String name) {
    JobConfig config =
        JobConfig.load(
            CONFIGS.resolve(name), List.of("pretrained_model_name_or_path=/m", "prompt=a cat"));

    assertThat(config.sampling()).isEqualTo(Requests.configured());
    assertThat(config.execution().perDeviceBatchSize()).isEqualTo(new BatchSize.Auto());
  }

  @ParameterizedTest
  @CsvSource({"tiny.yml,models/tiny-sd2-base,0.0", "tiny_21.yml,models/tiny-sd2-1,0.7"})
  void runsAnEmbeddedModelOnTheShippedTable(String name, String model, double guidanceRescale) {
    JobConfig config = JobConfig.load(CONFIGS.resolve(name), List.of());

    assertThat(config.model().folder()).isEqualTo(model);
    assertThat(Path.of(model, "model_index.json")).isRegularFile();
    assertThat(config.input())
        .isEqualTo(new InputConfig.Table("configs/tiny_prompts.csv", TableFormat.AUTO));
    assertThat(config.sampling())
        .isEqualTo(
            Requests.configured(
                Parameters.NUM_INFERENCE_STEPS.of(15),
                Parameters.GUIDANCE_RESCALE.of(guidanceRescale),
                Parameters.HEIGHT.of(128),
                Parameters.WIDTH.of(128)));
  }
}
