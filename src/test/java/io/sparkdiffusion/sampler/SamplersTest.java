package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.noise.TorchGenerator;
import io.sparkdiffusion.testing.ReferenceFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs in plain Java; {@code tools/reference/samplers.py} wrote the numbers. */
class SamplersTest {

  private static final ReferenceFile REFERENCE =
      ReferenceFile.ofResource("reference/samplers.safetensors");
  private static final JsonNode CASES = readCases();
  private static final int IMAGE_VALUES = 4;

  /** The worst error of each sampler, for the document that tells them. */
  private static final Map<String, Double> WORST = new TreeMap<>();

  static Stream<String> cases() {
    return StreamSupport.stream(((Iterable<String>) CASES::fieldNames).spliterator(), false);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void makesTheLatentsOfDiffusers(String name) {
    float[] all = REFERENCE.floats(name + "/latents");
    int from = 0;
    for (JsonNode steps : CASES.get(name).get("steps")) {
      for (double[] latents : latents(schedule(name, steps.asInt()))) {
        float[] expected = Arrays.copyOfRange(all, from, from + latents.length);
        double error = error(latents, expected);
        assertThat(error)
            .as("%s, %s steps, from value %d", name, steps, from)
            .isLessThan(mostError(name));
        WORST.merge(CASES.get(name).get("sampler").asText(), error, Math::max);
        from += latents.length;
      }
    }
    assertThat(from).isEqualTo(all.length);
  }

  /**
   * Without terminal signal k-diffusion's first latents are of some 4096, of which diffusers
   * subtracts nearly all in float32; one factor for what is left is more exact.
   */
  private static double mostError(String name) {
    return name.matches("euler(_a)?/zero_snr") ? 3e-4 : 1e-4;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void visitsTheTimestepsOfDiffusers(String name) {
    float[] expected = REFERENCE.floats(name + "/timesteps");
    double[] actual =
        StreamSupport.stream(CASES.get(name).get("steps").spliterator(), false)
            .flatMap(steps -> schedule(name, steps.asInt()).steps().stream())
            .mapToDouble(Step::timestep)
            .toArray();
    assertThat(actual).hasSize(expected.length);
    // Where diffusers computes a timestep of a noise level by float32 logarithms.
    boolean ofLevels = name.matches("(dpm2|dpm2_a)/.*|.*/(karras|exponential|beta|sigmas)");
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("%s, timestep %d", name, i)
          .isCloseTo(expected[i], within(ofLevels ? 1e-3 : 0));
    }
  }

  @AfterAll
  static void tellsTheWorst() {
    WORST.forEach((sampler, error) -> System.out.printf("%s, worst %.1e%n", sampler, error));
  }

  @Test
  void everySamplerHasCases() {
    assertThat(Samplers.ALL)
        .extracting(Sampler::name)
        .allMatch(name -> cases().anyMatch(it -> it.startsWith(name + "/")));
  }

  private static Schedule schedule(String name, int steps) {
    JsonNode said = CASES.get(name);
    Map<String, Object> settings = map(said.get("settings"));
    Map<String, Object> given = map(said.get("told"));
    Object eta = given.remove("eta");
    return SchedulerConfig.of(said.get("sampler").asText(), settings, given)
        .schedule(steps, eta == null ? 0 : ((Number) eta).doubleValue());
  }

  private static List<double[]> latents(Schedule schedule) {
    return latents(schedule, new double[2 * IMAGE_VALUES]);
  }

  /** The first latents, of an image's, and those after each step; states are kept in float32. */
  static List<double[]> latents(Schedule schedule, double[] image) {
    List<TorchGenerator> generators = List.of(new TorchGenerator(0), new TorchGenerator(1));
    double[][] states = new double[schedule.states()][2 * IMAGE_VALUES];
    double[] noise = scaled(noise(generators), schedule.initNoiseSigma());
    Arrays.setAll(states[0], i -> (float) (noise[i] + schedule.initSignal() * image[i]));
    List<double[]> all = new ArrayList<>(List.of(states[0]));
    for (Step step : schedule.steps()) {
      double[] output = model(scaled(states[0], step.inputScale()), step.timestep());
      double[] fresh = step.drawsNoise() ? noise(generators) : new double[output.length];
      List<double[]> inputs = new ArrayList<>(List.of(states));
      inputs.addAll(List.of(output, fresh));
      double[][] next = new double[states.length][];
      Arrays.setAll(next, i -> rounded(sum(step.matrix().get(i), inputs)));
      states = next;
      all.add(states[0]);
    }
    return all;
  }

  private static double[] sum(List<Double> factors, List<double[]> inputs) {
    double[] sum = new double[inputs.get(0).length];
    for (int j = 0; j < factors.size(); j++) {
      double factor = factors.get(j);
      double[] input = inputs.get(j);
      for (int k = 0; k < sum.length && factor != 0; k++) {
        sum[k] += factor * input[k];
      }
    }
    return sum;
  }

  private static double[] model(double[] latents, double timestep) {
    return rounded(
        Arrays.stream(latents)
            .map(x -> (float) x)
            .map(x -> 0.9 * x + 0.25 * Math.sin(2 * x + 0.01 * timestep))
            .toArray());
  }

  private static double[] noise(List<TorchGenerator> generators) {
    double[] all = new double[2 * IMAGE_VALUES];
    for (int i = 0; i < generators.size(); i++) {
      float[] image = generators.get(i).randn(IMAGE_VALUES);
      for (int k = 0; k < IMAGE_VALUES; k++) {
        all[i * IMAGE_VALUES + k] = image[k];
      }
    }
    return all;
  }

  private static double[] scaled(double[] values, double factor) {
    return Arrays.stream(values).map(value -> value * factor).toArray();
  }

  private static double[] rounded(double[] values) {
    return Arrays.stream(values).map(value -> (float) value).toArray();
  }

  /** The largest difference, in units of the largest value. */
  static double error(double[] actual, float[] expected) {
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference / largest;
  }

  static Map<String, Object> map(JsonNode json) {
    return new ObjectMapper().convertValue(json, new TypeReference<>() {});
  }

  private static JsonNode readCases() {
    try {
      return new ObjectMapper().readTree(REFERENCE.metadata().get("about")).get("cases");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
