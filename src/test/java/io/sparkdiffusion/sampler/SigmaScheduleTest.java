package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.sampler.SigmaSchedule.Smallest;
import io.sparkdiffusion.testing.ReferenceFile;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code tools/reference/samplers.py} wrote the numbers. */
class SigmaScheduleTest {

  private static final ReferenceFile REFERENCE =
      ReferenceFile.ofResource("reference/samplers.safetensors");

  /** PyTorch's float32 root is off by one unit in the last place for a few of them. */
  private static final double MOST_ERROR = 2.4e-7;

  private static final int[] STEPS = {1, 2, 4, 20, 50};
  private static final int[] FEWER = {1, 4, 20};
  private static final Map<String, Object> SD2 =
      Map.of("beta_start", 0.00085, "beta_end", 0.012, "beta_schedule", "scaled_linear");

  @ParameterizedTest
  @CsvSource({
    "euler, leading", "euler, linspace", "euler, trailing", "dpm++_2m, leading",
    "dpm++_2m, linspace", "dpm++_2m, trailing", "unipc, leading", "deis, trailing"
  })
  void hasTheNoiseLevelsOfDiffusers(String sampler, String spacing) {
    assertLevels(sampler, spacing, Map.of("timestep_spacing", spacing));
  }

  @ParameterizedTest
  @CsvSource({
    "euler, karras", "euler, exponential", "euler, beta", "dpm++_2m, karras",
    "dpm++_2m, exponential", "dpm++_2m, beta", "unipc, karras", "deis, exponential"
  })
  void hasTheSpacedNoiseLevelsOfDiffusers(String sampler, String spacing) {
    assertLevels(sampler, spacing, Map.of("use_" + spacing + "_sigmas", true));
  }

  @Test
  void quantilesOfTheBetaDistributionMirrorOneAnother() {
    assertThat(SymmetricBeta.quantile(0, 0.6)).isZero();
    assertThat(SymmetricBeta.quantile(0.5, 0.6)).isCloseTo(0.5, within(1e-12));
    assertThat(SymmetricBeta.quantile(1, 0.6)).isEqualTo(1);
    // The arcsine distribution: sin^2(pi p / 2).
    assertThat(SymmetricBeta.quantile(0.25, 0.5))
        .isCloseTo(Math.pow(Math.sin(Math.PI / 8), 2), within(1e-8));
  }

  private static void assertLevels(String sampler, String name, Map<String, Object> overrides) {
    SchedulerConfig config = SchedulerConfig.of(sampler, SD2, overrides);
    String at = "%s/epsilon/%s/sigmas".formatted(sampler, name);
    float[] all = REFERENCE.floats(at);
    int from = 0;
    for (int steps : name.matches("exponential|beta") ? FEWER : STEPS) {
      Run run = new Run(config, steps, 0, OptionalInt.empty());
      SigmaSchedule sigmas =
          switch (sampler) {
            case "euler" -> SigmaSchedule.ofKDiffusion(run, t -> t);
            case "dpm++_2m" -> SigmaSchedule.ofDpmSolver(run, FinalSigma.ZERO, Smallest.TRAINED);
            case "unipc" -> SigmaSchedule.ofDpmSolver(run, FinalSigma.ZERO, Smallest.LAST);
            default -> SigmaSchedule.ofDpmSolver(run, FinalSigma.SIGMA_MIN, Smallest.LAST);
          };
      float[] expected = Arrays.copyOfRange(all, from, from + steps + 1);
      from += steps + 1;
      assertThat(sigmas.steps()).isEqualTo(steps);
      for (int i = 0; i < expected.length; i++) {
        assertThat(sigmas.sigma(i))
            .as("%d steps, noise level %d", steps, i)
            .isCloseTo(expected[i], within(MOST_ERROR * expected[i]));
      }
    }
    assertThat(from).as(at).isEqualTo(all.length);
  }
}
