package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each sampler is told and refuses. */
class SamplerSettingsTest {

  @ParameterizedTest
  @CsvSource({
    "ddim, ddim",
    "DDIMScheduler, ddim",
    "dpm++_2m, dpm++_2m",
    "dpm++_2m_sde, dpm++_2m_sde",
    "DPMSolverMultistepScheduler, dpm++_2m",
    "UniPCMultistepScheduler, unipc"
  })
  void isNamedAsInDiffusersToo(String word, String sampler) {
    assertThat(Samplers.named(word)).get().extracting(Sampler::name).isEqualTo(sampler);
  }

  @Test
  void aNameThatSaysMoreThanItsClassWinsOverTheFolder() {
    Map<String, Object> json = Map.of("algorithm_type", "dpmsolver++");
    SchedulerConfig config = SchedulerConfig.of("dpm++_2m_sde", json, Map.of());
    assertThat(config.toMap()).containsEntry("algorithm_type", "sde-dpmsolver++");
    assertThat(config.schedule(5, 0).drawsNoise()).isTrue();
    Map<String, Object> override = Map.of("algorithm_type", "dpmsolver++");
    assertThat(SchedulerConfig.of("dpm++_2m_sde", json, override).schedule(5, 0).drawsNoise())
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({"unipc, bh1, bh1", "unipc, midpoint, bh2", "dpm++_2m, bh2, midpoint"})
  void takesAnotherSamplersWordForItsUsualOne(String sampler, String word, String solver) {
    assertThat(SchedulerConfig.of(sampler, Map.of("solver_type", word), Map.of()).toMap())
        .containsEntry("solver_type", solver);
  }

  @Test
  void theModelsOwnSamplerMustBeKnown() {
    Map<String, Object> json = Map.of("_class_name", "DPMSolverSDEScheduler");
    assertThatThrownBy(() -> SchedulerConfig.of(Samplers.MODEL, json, Map.of()))
        .hasMessageStartingWith(
            "Cannot sample as the model's scheduler_config.json says: its _class_name must be one"
                + " of DDIMScheduler, DDPMScheduler, PNDMScheduler,")
        .hasMessageEndingWith("TCDScheduler (DPMSolverSDEScheduler)");
    assertThatThrownBy(() -> SchedulerConfig.of("heunn", Map.of(), Map.of()))
        .hasMessageStartingWith("Cannot sample: the scheduler must be one of ddim, ddpm,")
        .hasMessageEndingWith("tcd, model (heunn)");
  }

  @Test
  void refusesByNameWhatItCannotDo() {
    assertRefused(
        "dpm++_2m",
        Map.of("use_lu_lambdas", true, "lambda_min_clipped", -5.1, "variance_type", "learned"),
        """
        Cannot use scheduler setting use_lu_lambdas: only false is supported (true)
        Cannot use scheduler setting lambda_min_clipped: only -Infinity is supported (-5.1)
        Cannot use scheduler setting variance_type: it must not be one of learned, \
        learned_range (learned)""");
    assertRefused(
        "euler",
        Map.of("interpolation_type", "log_linear"),
        "Cannot use scheduler setting interpolation_type: only linear is supported (log_linear)");
    assertRefused(
        "unipc",
        Map.of("predict_x0", false, "disable_corrector", List.of(0), "solver_order", 4),
        """
        Cannot use scheduler setting solver_order: it must be from 1 to 3 (4)
        Cannot use scheduler setting predict_x0: only true is supported (false)
        Cannot use scheduler setting disable_corrector: only [] is supported ([0])""");
    assertRefused(
        "euler_a",
        Map.of("prediction_type", "sample"),
        "Cannot use scheduler setting prediction_type: it must be one of epsilon, v_prediction"
            + " (sample)");
    assertRefused(
        "ddpm",
        Map.of("variance_type", "learned_range"),
        "Cannot use scheduler setting variance_type: it must be one of fixed_small, fixed_large"
            + " (learned_range)");
  }

  @Test
  void refusesOverridesThatItDoesNotHave() {
    assertThatThrownBy(
            () -> SchedulerConfig.of("heun", Map.of(), Map.of("rescale_betas_zero_snr", true)))
        .hasMessage(
            "Cannot use scheduler setting rescale_betas_zero_snr: heun does not have it (true)");
    Map<String, Object> ofFolder = Map.of("rescale_betas_zero_snr", true);
    assertThat(SchedulerConfig.of("heun", ofFolder, Map.of()).rescaleBetasZeroSnr()).isFalse();
  }

  @Test
  void refusesSpacingsThatContradict() {
    assertRefused(
        "euler",
        Map.of("use_karras_sigmas", true, "timesteps", List.of(900, 100)),
        "Cannot use scheduler settings use_karras_sigmas and timesteps: they contradict one"
            + " another");
    assertRefused(
        "heun",
        Map.of("timesteps", List.of(100, 900)),
        "Cannot use scheduler setting timesteps: it must be a list of falling numbers"
            + " ([100, 900])");
    assertRefused(
        "heun",
        Map.of("timesteps", List.of(1000, 900)),
        "Cannot use scheduler setting timesteps: they must be below 1000 ([1000.0, 900.0])");
  }

  @Test
  void takesGivenTimestepsForSoManySteps() {
    SchedulerConfig config =
        SchedulerConfig.of("dpm++_2m", Map.of(), Map.of("timesteps", List.of(999, 500, 24)));
    assertThat(config.schedule(3, 0).steps())
        .extracting(Step::timestep)
        .containsExactly(999.0, 500.0, 24.0);
    assertThatThrownBy(() -> config.schedule(50, 0))
        .hasMessage("Cannot use num_inference_steps: timesteps has 3 (50)");
    Map<String, Object> told = new TreeMap<>(config.toMap());
    told.remove("_class_name");
    assertThat(SchedulerConfig.of("dpm++_2m", Map.of(), told)).isEqualTo(config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          euler | 20 | 0.5 | Cannot use eta: euler does not have it, it must be 0 (0.5)
          lcm | 51 | 0 | Cannot use num_inference_steps: with a distilled model's sampler it must \
          be at most original_inference_steps, 50 (51)
          pndm | 3 | 0 | Cannot use num_inference_steps: pndm with skip_prk_steps false needs 4 or \
          more (3)
          unipc | 1000 | 0 | Cannot use num_inference_steps: unipc would stand still between two \
          of them (1000)
          """)
  void refusesRunsThatItCannotMake(String sampler, int steps, double eta, String message) {
    SchedulerConfig config = SchedulerConfig.of(sampler, Map.of(), Map.of());
    assertThatThrownBy(() -> config.schedule(steps, eta)).hasMessage(message);
  }

  @Test
  void anAlgorithmThatIntegratesTheNoiseDoesNotEndWithoutAny() {
    SchedulerConfig config =
        SchedulerConfig.of("dpm++_2m", Map.of("algorithm_type", "dpmsolver"), Map.of());
    assertThatThrownBy(() -> config.schedule(5, 0))
        .hasMessage(
            "Cannot use scheduler setting algorithm_type: it needs final_sigmas_type sigma_min"
                + " (dpmsolver)");
  }

  private static void assertRefused(String sampler, Map<String, Object> settings, String message) {
    assertThatThrownBy(() -> SchedulerConfig.of(sampler, settings, Map.of())).hasMessage(message);
  }
}
