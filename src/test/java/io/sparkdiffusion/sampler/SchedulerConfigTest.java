package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerConfigTest {

  private static final String DEFAULTS =
      "{beta_end=0.02, beta_schedule=linear, beta_start=1.0E-4, clip_sample=false,"
          + " num_train_timesteps=1000, prediction_type=epsilon, rescale_betas_zero_snr=false,"
          + " set_alpha_to_one=true, steps_offset=1, thresholding=false,"
          + " timestep_spacing=leading}";

  private static final Map<String, Object> ALL_OTHER_THAN_DEFAULT =
      Map.of(
          "num_train_timesteps",
          500,
          "beta_start",
          0.00085,
          "beta_end",
          0.012,
          "beta_schedule",
          "squaredcos_cap_v2",
          "set_alpha_to_one",
          false,
          "prediction_type",
          "v_prediction",
          "timestep_spacing",
          "linspace",
          "rescale_betas_zero_snr",
          true);

  private static final String OTHER_THAN_DEFAULT =
      "{beta_end=0.012, beta_schedule=squaredcos_cap_v2, beta_start=8.5E-4,"
          + " clip_sample=false, num_train_timesteps=500, prediction_type=v_prediction,"
          + " rescale_betas_zero_snr=true, set_alpha_to_one=false, steps_offset=1,"
          + " thresholding=false, timestep_spacing=linspace}";

  @Test
  void takesTheDefaultsOfDiffusersForAbsentKeys() {
    assertThat(SchedulerConfig.of(Map.of(), Map.of()).toMap()).hasToString(DEFAULTS);
  }

  @Test
  void readsEveryKeyFromTheFileOrTheOverrides() {
    SchedulerConfig ofFile = SchedulerConfig.of(ALL_OTHER_THAN_DEFAULT, Map.of());
    assertThat(ofFile.toMap()).hasToString(OTHER_THAN_DEFAULT);
    assertThat(SchedulerConfig.of(Map.of(), ALL_OTHER_THAN_DEFAULT)).isEqualTo(ofFile);
  }

  @Test
  void overridesWinAndEmptyOnesMeanTheFile() {
    Map<String, Object> overrides = Map.of("prediction_type", "sample", "timestep_spacing", "");
    SchedulerConfig config = SchedulerConfig.of(ALL_OTHER_THAN_DEFAULT, overrides);
    assertThat(config.predictionType()).isEqualTo(PredictionType.SAMPLE);
    assertThat(config.timestepSpacing()).isEqualTo(TimestepSpacing.LINSPACE);
  }

  @Test
  void readsAPublishedPndmConfigAndForcesThePipelinesRule() {
    Map<String, Object> json = new HashMap<>();
    json.put("_class_name", "PNDMScheduler");
    json.put("_diffusers_version", "0.10.0.dev0");
    json.put("beta_end", 0.012);
    json.put("beta_schedule", "scaled_linear");
    json.put("beta_start", 0.00085);
    json.put("clip_sample", true);
    json.put("set_alpha_to_one", false);
    json.put("skip_prk_steps", true);
    json.put("steps_offset", 0);
    json.put("trained_betas", null);
    Map<String, Object> effective = SchedulerConfig.of(json, Map.of()).toMap();
    assertThat(effective)
        .containsEntry("beta_schedule", "scaled_linear")
        .containsEntry("set_alpha_to_one", false)
        .containsEntry("steps_offset", 1)
        .containsEntry("clip_sample", false);
  }

  @Test
  void readsBackWhatItTells() {
    SchedulerConfig config = SchedulerConfig.of(ALL_OTHER_THAN_DEFAULT, Map.of());
    assertThat(SchedulerConfig.of(Map.of(), config.toMap())).isEqualTo(config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          num_train_timesteps    | 1      | it must be from 2 to 1000000
          beta_start             | 0      | it must lie between 0 and 1
          beta_start             | NaN    | it must be a number
          beta_end               | 1      | it must lie between beta_start and 1
          beta_end               | 1e-5   | it must lie between beta_start and 1
          """)
  void refusesNumbersOutOfRange(String key, String number, String rule) {
    double value = Double.parseDouble(number);
    String actual = key.startsWith("num") ? "1" : String.valueOf(value);
    assertRefused(key, value, rule, actual);
  }

  @Test
  void refusesValuesOfTheWrongType() {
    assertRefused("num_train_timesteps", 10.5, "it must be a whole number", "10.5");
    assertRefused("num_train_timesteps", 1L << 32, "it must be a whole number", "4294967296");
    assertRefused("beta_start", "0.1", "it must be a number", "0.1");
    assertRefused("set_alpha_to_one", "true", "it must be true or false", "true");
    assertRefused("timestep_spacing", 3, "it must be one of leading, trailing, linspace", "3");
    assertRefused(
        "prediction_type",
        "flow_prediction",
        "it must be one of epsilon, v_prediction, sample",
        "flow_prediction");
    assertRefused(
        "beta_schedule",
        "sigmoid",
        "it must be one of linear, scaled_linear, squaredcos_cap_v2",
        "sigmoid");
  }

  @Test
  void refusesNull() {
    Map<String, Object> json = Collections.singletonMap("prediction_type", null);
    assertThatThrownBy(() -> SchedulerConfig.of(json, Map.of()))
        .hasMessage(
            "Cannot use scheduler setting prediction_type: it must be one of epsilon, v_prediction,"
                + " sample (null)");
  }

  @Test
  void refusesSettingsThatWouldChangeTheResult() {
    assertRefused("thresholding", true, "only false is supported", "true");
    assertRefused("trained_betas", List.of(0.1), "only null is supported", "[0.1]");
    assertRefused(
        "rescale_betas_zero_snr",
        true,
        "it needs prediction_type v_prediction or sample",
        "epsilon");
  }

  @Test
  void refusesAModelThatDoesNotTrainOnBetas() {
    Map<String, Object> json = Map.of("_class_name", "FlowMatchEulerDiscreteScheduler");
    assertThatThrownBy(() -> SchedulerConfig.of(json, Map.of()))
        .hasMessage(
            "Cannot sample with ddim: the model's scheduler must train on betas"
                + " (FlowMatchEulerDiscreteScheduler)");
  }

  @Test
  void refusesUnknownAndForcedOverrides() {
    Map<String, Object> overrides =
        Map.of("steps_ofset", 1, "steps_offset", 0, "clip_sample", true);
    assertThatThrownBy(() -> SchedulerConfig.of(Map.of(), overrides))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            """
            Cannot override scheduler setting: it must be one of beta_end, beta_schedule, \
            beta_start, clip_sample, num_train_timesteps, prediction_type, rescale_betas_zero_snr, \
            set_alpha_to_one, steps_offset, thresholding, timestep_spacing (steps_ofset)
            Cannot use scheduler setting steps_offset: only 1 is supported (0)
            Cannot use scheduler setting clip_sample: only false is supported (true)""");
  }

  @Test
  void reportsAllProblemsAtOnce() {
    Map<String, Object> json =
        Map.of("beta_start", -1, "prediction_type", "x", "thresholding", true);
    assertThatThrownBy(() -> SchedulerConfig.of(json, Map.of("y", 1)))
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(4));
  }

  private static void assertRefused(String key, Object value, String rule, String actual) {
    assertThatThrownBy(() -> SchedulerConfig.of(Map.of(key, value), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot use scheduler setting %s: %s (%s)".formatted(key, rule, actual));
  }
}
