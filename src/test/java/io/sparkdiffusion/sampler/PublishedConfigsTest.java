package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.testing.ReferenceFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real {@code scheduler_config.json} files; {@code tools/reference/samplers.py} wrote the numbers.
 */
class PublishedConfigsTest {

  private static final Path FOLDER = Path.of("src/test/resources/published/schedulers");
  private static final ReferenceFile REFERENCE =
      ReferenceFile.ofResource("reference/samplers.safetensors");

  /** Stable Video Diffusion's, which predicts in EDM's continuous time. */
  private static final String CONTINUOUS = "17";

  static Stream<String> usual() {
    return IntStream.rangeClosed(1, 32)
        .mapToObj("%02d"::formatted)
        .filter(name -> !name.equals(CONTINUOUS));
  }

  @ParameterizedTest
  @MethodSource("usual")
  void visitsTheTimestepsOfDiffusers(String name) {
    Schedule schedule = SchedulerConfig.of(Samplers.MODEL, json(name), Map.of()).schedule(20, 0);
    float[] expected = REFERENCE.floats("published/" + name);
    assertThat(schedule.steps().stream().mapToDouble(Step::timestep).toArray())
        .containsExactly(
            IntStream.range(0, expected.length).mapToDouble(i -> expected[i]).toArray());
  }

  /** All samplers take the keys of another's folder, as from_config does. */
  @ParameterizedTest
  @MethodSource("usual")
  void everySamplerTakesEachFolder(String name) {
    Map<String, Object> json = json(name);
    for (Sampler sampler : Samplers.ALL) {
      assertThat(SchedulerConfig.of(sampler.name(), json, Map.of()).schedule(20, 0).steps())
          .as("%s", sampler)
          .hasSizeBetween(20, 40);
    }
  }

  @Test
  void refusesContinuousTimeByName() {
    assertThatThrownBy(() -> SchedulerConfig.of(Samplers.MODEL, json(CONTINUOUS), Map.of()))
        .hasMessage(
            """
            Cannot use scheduler setting timestep_type: only discrete is supported (continuous)
            Cannot use scheduler setting sigma_min: only null is supported (0.002)
            Cannot use scheduler setting sigma_max: only null is supported (700.0)""");
  }

  private static Map<String, Object> json(String name) {
    return StrictJson.read(FOLDER.resolve(name + ".json"));
  }
}
