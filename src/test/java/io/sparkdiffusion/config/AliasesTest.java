package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AliasesTest {

  private static final String YAML = "pretrained_model_name_or_path: m\nprompts: p.csv\n";

  @ParameterizedTest
  @CsvSource({
    "steps, set num_inference_steps",
    "cfg_scale, set guidance_scale",
    "cfg, set guidance_scale",
    "guidance, set guidance_scale",
    "negative, set negative_prompt",
    "model, set pretrained_model_name_or_path",
    "model_id, set pretrained_model_name_or_path",
    "batch_size, set per_device_batch_size",
    "sampler, set scheduler",
    "sampler_name, set scheduler",
    "num_images_per_prompt, set num_images",
    "n_iter, set num_images",
    "output, set output_dir",
    "out, set output_dir",
    "w, set width",
    "H, set height",
    "torch_dtype, set weights_dtype and activations_dtype",
    "Guidance-Scale, set guidance_scale",
  })
  void whatOthersCallASettingIsToldByItsNameHere(String alias, String advice) {
    assertThatThrownBy(() -> JobConfig.parse(YAML, "a.yml", List.of(alias + "=1")))
        .hasMessage(
            "Cannot use %s: there is no such setting, %s (command line)".formatted(alias, advice));
  }

  @Test
  void whatHasNoCounterpartIsToldSo() {
    assertThatThrownBy(
            () -> JobConfig.parse(YAML, "a.yml", List.of("vae_path=a", "timestep_spacing=x")))
        .hasMessageContaining(
            "Cannot use vae_path: there is no such setting, leave it out, merge it")
        .hasMessageContaining("set diffusion_scheduler_config='{timestep_spacing: ...}'");
  }

  @Test
  void eachAdviceNamesSettingsThatAreThere() {
    List<String> settings =
        List.of("size", "dtype", "steps").stream()
            .flatMap(alias -> List.of(Aliases.of(alias).orElseThrow().split("\\W+")).stream())
            .filter(word -> word.contains("_"))
            .toList();

    assertThat(settings).isNotEmpty().allMatch(Settings.BY_KEY::containsKey);
    assertThat(Settings.BY_KEY.keySet()).allMatch(Aliases::isKnown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "num_inference_steps|=|30",
        "num_inference_steps=|30",
        "num_inference_steps|=30",
        "num_inference_steps|30|="
      })
  void spacesAroundTheEqualsSignAreOneProblem(String words) {
    assertThatThrownBy(() -> JobConfig.parse(YAML, "a.yml", List.of(words.split("\\|"))))
        .hasMessage(
            "Cannot read num_inference_steps: there must be no space before or after =, as in"
                + " num_inference_steps=VALUE (spaces)");
  }

  /** A prompt that a shell or a reader has cut apart must not stand in an error. */
  @Test
  void aKeyThatIsNoWordIsNotShown() {
    assertThatThrownBy(() -> JobConfig.parse(YAML, "a.yml", List.of("a secret cat = a secret dog")))
        .hasMessageContaining("Cannot read override 1")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> JobConfig.parse(YAML + "a secret: cat\n", "a.yml", List.of()))
        .hasMessageContaining("Cannot use a key: there is no such setting")
        .hasMessageNotContaining("secret");
  }
}
