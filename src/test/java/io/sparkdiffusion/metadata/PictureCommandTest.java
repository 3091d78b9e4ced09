package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PictureCommandTest {

  @Test
  void namesEveryKeyThatDecidesThePicture() {
    GenerationParameters picture =
        new GenerationParameters(
            "a fox's den; $(rm -r /)", "", 20, "ddim", 7.5, 0.7, 0.0, -3, 64, 128, "abc", "tiny");
    Map<String, Object> scheduler = new HashMap<>();
    scheduler.put("_class_name", "DDIMScheduler");
    scheduler.put("trained_betas", null);
    scheduler.put("timestep_spacing", "trailing");
    scheduler.put("beta_start", 0.00085);

    assertThat(
            PictureCommand.of(picture, PictureCommand.model("models/tiny"), "bfloat16", scheduler))
        .isEqualTo(
            "./jobs/generate configs/base21.yml pretrained_model_name_or_path=models/tiny"
                + " 'prompt=a fox'\\''s den; $(rm -r /)' negative_prompt= seed=-3 num_images=1"
                + " num_inference_steps=20 guidance_scale=7.5 guidance_rescale=0.7 height=64"
                + " width=128 scheduler=ddim eta=0.0 weights_dtype=bfloat16"
                + " activations_dtype=bfloat16"
                + " 'diffusion_scheduler_config={\"beta_start\":0.00085,"
                + "\"timestep_spacing\":\"trailing\"}' run_name=again");
  }

  @Test
  void namesTheModelAsTheRunDid() {
    Map<String, String> usual = Map.of("revision", "", "from_pt", "true", "seed", "1");
    Map<String, String> other = Map.of("revision", "bf16", "from_pt", "false", "seed", "1");
    Map<String, String> variant = Map.of("from_pt", "true", "variant", "non_ema", "seed", "1");

    assertThat(PictureCommand.modelOf(usual, "")).isEmpty();
    assertThat(PictureCommand.modelOf(other, ""))
        .isEqualTo(Map.of("revision", "bf16", "from_pt", "false"));
    assertThat(PictureCommand.modelOf(variant, "")).isEqualTo(Map.of("variant", "non_ema"));
  }

  /** A branch goes on; a folder that is the commit's own takes no revision. */
  @Test
  void namesTheCommitThatABranchWas() {
    assertThat(modelAt("0a1b", "org/name", "main"))
        .isEqualTo(Map.of("pretrained_model_name_or_path", "org/name", "revision", "0a1b"));
    assertThat(modelAt("0a1b", "/hub/models--org--name", ""))
        .isEqualTo(
            Map.of("pretrained_model_name_or_path", "/hub/models--org--name", "revision", "0a1b"));
    assertThat(modelAt("0a1b", "/hub/models--org--name/snapshots/0a1b/", "").keySet())
        .containsExactly("pretrained_model_name_or_path");
  }

  private static Map<String, String> modelAt(String commit, String named, String revision) {
    return PictureCommand.modelOf(
        Map.of("pretrained_model_name_or_path", named, "revision", revision), commit);
  }
}
