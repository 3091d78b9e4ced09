package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.testing.ReferenceFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs from an image's latents; {@code tools/reference/from_image_samplers.py} wrote the numbers.
 */
class FromImageSamplersTest {

  private static final ReferenceFile REFERENCE =
      ReferenceFile.ofResource("reference/from_image_samplers.safetensors");
  private static final JsonNode CASES = readCases();
  private static final double[] IMAGE = doubles(REFERENCE.floats("image"));

  static Stream<String> cases() {
    return StreamSupport.stream(((Iterable<String>) CASES::fieldNames).spliterator(), false);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void makesTheLatentsOfDiffusers(String name) {
    float[] all = REFERENCE.floats(name + "/latents");
    int from = 0;
    for (Schedule schedule : schedules(name)) {
      for (double[] latents : SamplersTest.latents(schedule, IMAGE)) {
        float[] expected = Arrays.copyOfRange(all, from, from + latents.length);
        assertThat(SamplersTest.error(latents, expected))
            .as("%s, from value %d", name, from)
            .isLessThan(name.equals("euler/zero_snr") ? 3e-4 : 1e-4); // as in SamplersTest
        from += latents.length;
      }
    }
    assertThat(from).isEqualTo(all.length);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void visitsTheTimestepsOfDiffusers(String name) {
    float[] expected = REFERENCE.floats(name + "/timesteps");
    double[] actual =
        schedules(name).stream()
            .flatMap(schedule -> schedule.steps().stream())
            .mapToDouble(Step::timestep)
            .toArray();
    assertThat(actual).hasSize(expected.length);
    boolean ofLevels = name.matches("(dpm2|dpm2_a)/.*|.*/karras"); // as in SamplersTest
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("%s, %d", name, i)
          .isCloseTo(expected[i], within(ofLevels ? 1e-3 : 0));
    }
  }

  /** What inpainting puts back into the latents after each step. */
  @ParameterizedTest
  @MethodSource("cases")
  void anImageThatGoesAlongHasTheNoiseOfDiffusers(String name) {
    float[] expected = REFERENCE.floats(name + "/levels");
    double[] actual =
        schedules(name).stream()
            .flatMap(
                schedule ->
                    IntStream.range(0, schedule.steps().size()).mapToObj(schedule::levelAfter))
            .flatMapToDouble(level -> DoubleStream.of(level.signal(), level.noise()))
            .toArray();
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("%s, %d", name, i)
          .isCloseTo(expected[i], within(1e-5 * Math.max(1, expected[i])));
    }
  }

  @Test
  void everySamplerHasCases() {
    assertThat(Samplers.ALL)
        .extracting(Sampler::name)
        .allMatch(name -> cases().anyMatch(it -> it.startsWith(name + "/")));
  }

  @Test
  void refusesToBeginAmidRungeKutta() {
    SchedulerConfig config = SchedulerConfig.of("pndm", Map.of("skip_prk_steps", false), Map.of());
    assertThat(config.schedule(20, 0, OptionalInt.of(0)).initSignal()).isPositive();
    assertThatThrownBy(() -> config.schedule(20, 0, OptionalInt.of(4)))
        .hasMessage(
            "Cannot use strength: pndm with skip_prk_steps false begins with all steps (16 of 20)");
  }

  private static List<Schedule> schedules(String name) {
    JsonNode said = CASES.get(name);
    SchedulerConfig config =
        SchedulerConfig.of(
            said.get("sampler").asText(), SamplersTest.map(said.get("settings")), Map.of());
    List<Schedule> schedules = new ArrayList<>();
    for (JsonNode run : said.get("runs")) {
      int steps = run.get(0).asInt();
      int taken = (int) (steps * run.get(1).asDouble());
      schedules.add(config.schedule(steps, 0, OptionalInt.of(steps - taken)));
    }
    return schedules;
  }

  private static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  private static JsonNode readCases() {
    try {
      return new ObjectMapper().readTree(REFERENCE.metadata().get("about")).get("cases");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
