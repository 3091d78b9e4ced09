package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    JobConfig config =
        JobConfig.load(file, List.of("pretrained_model_name_or_path=/m", "prompt=a cat"));

    assertThat(file).hasFileName(config.runName() + ".yml");
  }

  @Test
  void coversTheThreeModels() throws IOException {
    assertThat(files().stream().map(file -> file.getFileName().toString()))
        .containsExactly("base21.yml", "base_2_base.yml", "tiny.yml");
  }

  @ParameterizedTest
  @ValueSource(strings = {"base_2_base.yml", "base21.yml"})
  void keepsTheDefaultsOfThePage(String name) {
    JobConfig config =
        JobConfig.load(
            CONFIGS.resolve(name), List.of("pretrained_model_name_or_path=/m", "prompt=a cat"));

    assertThat(config.sampling())
        .isEqualTo(new SamplingConfig("", 0, 1, 50, 7.5, 0.0, 512, 512, "ddim", 0.0));
    assertThat(config.execution().perDeviceBatchSize()).isEqualTo(1);
  }

  @Test
  void runsTheSmallModelOnTheShippedTable() {
    JobConfig config = JobConfig.load(CONFIGS.resolve("tiny.yml"), List.of());

    assertThat(config.input())
        .isEqualTo(new InputConfig.Table("configs/prompts.csv", TableFormat.AUTO));
    assertThat(config.sampling().numInferenceSteps()).isEqualTo(20);
    assertThat(config.sampling().heightPixels()).isEqualTo(64);
  }
}
