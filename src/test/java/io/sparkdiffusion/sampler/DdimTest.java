package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.util.ValueType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code tools/reference/schedule.py} wrote the numbers. */
class DdimTest {

  private static final ReferenceFile REFERENCE =
      ReferenceFile.ofResource("reference/schedule.safetensors");
  private static final JsonNode ABOUT = readAbout();
  private static final int[] STEPS = {1, 2, 5, 20, 50, 998, 999};

  @ParameterizedTest
  @EnumSource
  void visitsTheTimestepsOfDiffusers(TimestepSpacing spacing) {
    for (int count : STEPS) {
      int[] expected = REFERENCE.ints("timesteps/%s/%d".formatted(ValueType.name(spacing), count));
      assertThat(timesteps(schedule("epsilon", spacing, count, 0)))
          .as("%d steps", count)
          .containsExactly(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void visitsTheTimestepsOfDiffusersForEveryNumberOfSteps(TimestepSpacing spacing) {
    int[] expected = REFERENCE.ints("checksums/" + ValueType.name(spacing));
    int[] actual =
        IntStream.rangeClosed(1, expected.length)
            .map(count -> checksum(spacing.timesteps(1000, count, SchedulerConfig.STEPS_OFFSET)))
            .toArray();
    assertThat(actual).hasSizeGreaterThanOrEqualTo(999).containsExactly(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "epsilon",
        "v",
        "sample",
        "zero_snr",
        "defaults",
        "cosine",
        "few",
        "odd",
        "two",
        "zero_snr_sample"
      })
  void holdsTheAlphasOfDiffusersInEveryBit(String name) {
    assertThat(NoiseSchedule.of(config(name, TimestepSpacing.LEADING)).alphasCumulativeProduct())
        .containsExactly(REFERENCE.floats(name + "/alphas"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"epsilon", "v", "sample", "zero_snr"})
  void stepsWithTheCoefficientsOfDiffusers(String name) {
    double worst = worstError(name, DdimTest::relativeError);
    System.out.printf("schedule: %s, worst coefficient off by %.2e of its value%n", name, worst);
    assertThat(worst).isLessThan(1e-6);
  }

  /** See {@link NoiseSchedule} for the square root that makes the difference. */
  @Test
  void staysNearDiffusersWhereMklTakesTheSquareRoot() {
    double worst = worstError("zero_snr_mkl", (actual, expected) -> Math.abs(actual - expected));
    System.out.printf("schedule: zero SNR beside MKL, worst coefficient off by %.2e%n", worst);
    assertThat(worst).isLessThan(2e-6);
  }

  @Test
  void takesFivePublishedSteps() {
    Schedule schedule = schedule("epsilon", TimestepSpacing.LEADING, 5, 0);
    assertThat(timesteps(schedule)).containsExactly(801, 601, 401, 201, 1);
    assertThat(schedule.initNoiseSigma()).isEqualTo(1);
    assertThat(factors(schedule, 0).get(2)).isZero();
  }

  @Test
  void endsInThePredictionWhenTheLastAlphaIsOne() {
    List<Double> last = factors(schedule("sample", TimestepSpacing.LEADING, 5, 1), 4);
    assertThat(last).containsExactly(0.0, 1.0, 0.0);
  }

  @ParameterizedTest
  @EnumSource
  void makesOnlyFiniteCoefficientsAtFullNoiseWithoutTerminalSignal(TimestepSpacing spacing) {
    List<String> wrong = new ArrayList<>();
    for (int count = 1; count < 1000; count++) {
      Schedule schedule = schedule("zero_snr", spacing, count, 1);
      for (int i = 0; i < count; i++) {
        List<Double> step = factors(schedule, i);
        if (!step.stream().allMatch(Double::isFinite)) {
          wrong.add("step %d of %d: %s".formatted(i, count, step));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1001})
  void refusesStepsOutOfRange(int count) {
    assertThatThrownBy(() -> schedule("epsilon", TimestepSpacing.TRAILING, count, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot use num_inference_steps: it must be from 1 to 1000 (" + count + ")");
  }

  @Test
  void refusesAThousandLeadingStepsAndTakesThemTrailing() {
    assertThatThrownBy(() -> schedule("epsilon", TimestepSpacing.LEADING, 1000, 0))
        .hasMessage(
            "Cannot use num_inference_steps: leading spacing would ask for timestep 1000 of 0 to"
                + " 999 (1000)");
    assertThat(schedule("epsilon", TimestepSpacing.TRAILING, 1000, 0))
        .satisfies(s -> assertThat(timesteps(s)).hasSize(1000));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -0.01, 1.01, Double.POSITIVE_INFINITY})
  void refusesEtaOutOfRange(double eta) {
    assertThatThrownBy(() -> schedule("epsilon", TimestepSpacing.LEADING, 50, eta))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot use eta: it must be a number from 0 to 1 (" + eta + ")");
  }

  @Test
  void reportsBothProblemsAtOnce() {
    assertThatThrownBy(() -> schedule("epsilon", TimestepSpacing.LEADING, 0, Double.NaN))
        .hasMessageMatching("(?s)Cannot use num_inference_steps.*\\RCannot use eta.*");
  }

  private static double worstError(String name, DoubleBinaryOperator error) {
    double worst = 0;
    for (TimestepSpacing spacing : TimestepSpacing.values()) {
      for (int count : STEPS) {
        worst = Math.max(worst, worstError(name, spacing, count, error));
      }
    }
    return worst;
  }

  private static double worstError(
      String name, TimestepSpacing spacing, int count, DoubleBinaryOperator error) {
    String tensor = "%s/%s/%d/coefficients".formatted(name, ValueType.name(spacing), count);
    float[] expected = REFERENCE.floats(tensor);
    double worst = 0;
    int position = 0;
    for (double eta : REFERENCE.doubles("etas/" + count)) {
      Schedule schedule = schedule(name, spacing, count, eta);
      for (int i = 0; i < count; i++) {
        List<Double> step = factors(schedule, i);
        for (double actual : step) {
          float wanted = expected[position++];
          if (Float.isNaN(wanted)) {
            assertDiffusersTookTheRootOfANegativeRest(name, i, eta, step);
          } else {
            worst = Math.max(worst, error.applyAsDouble(actual, wanted));
          }
        }
      }
    }
    assertThat(position).as(tensor).isEqualTo(expected.length);
    return worst;
  }

  /**
   * Without terminal signal and at full noise the factor of the output is 0, give or take 1e-17.
   */
  private static void assertDiffusersTookTheRootOfANegativeRest(
      String name, int index, double eta, List<Double> step) {
    assertThat(name).startsWith("zero_snr");
    assertThat(index).isZero();
    assertThat(eta).isEqualTo(1);
    assertThat(step.get(0)).isZero();
  }

  private static double relativeError(double actual, double expected) {
    return actual == expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
  }

  private static Schedule schedule(String name, TimestepSpacing spacing, int count, double eta) {
    return config(name, spacing).schedule(count, eta);
  }

  private static int[] timesteps(Schedule schedule) {
    return schedule.steps().stream().mapToInt(step -> (int) step.timestep()).toArray();
  }

  /** Of the latents, the output and the noise. */
  private static List<Double> factors(Schedule schedule, int index) {
    return schedule.steps().get(index).matrix().get(0);
  }

  private static SchedulerConfig config(String name, TimestepSpacing spacing) {
    Map<String, Object> json =
        new ObjectMapper().convertValue(ABOUT.get("configs").get(name), new TypeReference<>() {});
    return SchedulerConfig.of(json, Map.of("timestep_spacing", ValueType.name(spacing)));
  }

  private static JsonNode readAbout() {
    try {
      return new ObjectMapper().readTree(REFERENCE.metadata().get("about"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int checksum(int[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    CRC32 crc = new CRC32();
    crc.update(bytes.array());
    return (int) crc.getValue();
  }
}
