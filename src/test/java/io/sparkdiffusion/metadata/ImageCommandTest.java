package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Requests;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageCommandTest {

  @Test
  void namesEveryKeyThatDecidesTheImage() {
    GenerationParameters image =
        GenerationParameters.of(
            Requests.of(
                "a",
                0,
                "a fox's den; $(rm -r /)",
                "",
                Parameters.NUM_INFERENCE_STEPS.of(20),
                Parameters.GUIDANCE_RESCALE.of(0.7),
                Parameters.SEED.of(-3L),
                Parameters.HEIGHT.of(64),
                Parameters.WIDTH.of(128)),
            "abc",
            "tiny");
    Map<String, Object> scheduler = new HashMap<>();
    scheduler.put("_class_name", "DDIMScheduler");
    scheduler.put("trained_betas", null);
    scheduler.put("timestep_spacing", "trailing");
    scheduler.put("beta_start", 0.00085);

    assertThat(ImageCommand.of(image, ImageCommand.model("models/tiny"), "bfloat16", scheduler))
        .isEqualTo(
            "./jobs/generate configs/base21.yml pretrained_model_name_or_path=models/tiny"
                + " 'prompt=a fox'\\''s den; $(rm -r /)' negative_prompt= prompt_syntax=plain clip_skip=0 seed=-3 num_images=1"
                + " num_inference_steps=20 guidance_scale=7.5 guidance_rescale=0.7 height=64"
                + " width=128 scheduler=ddim eta=0.0 vae_tiling=auto weights_dtype=bfloat16"
                + " activations_dtype=bfloat16"
                + " 'diffusion_scheduler_config={\"beta_start\":0.00085,"
                + "\"timestep_spacing\":\"trailing\"}' run_name=again");
  }

  @Test
  void namesTheModelAsTheRunDid() {
    Map<String, String> usual = Map.of("revision", "", "from_pt", "true", "seed", "1");
    Map<String, String> other = Map.of("revision", "bf16", "from_pt", "false", "seed", "1");
    Map<String, String> variant = Map.of("from_pt", "true", "variant", "non_ema", "seed", "1");

    assertThat(ImageCommand.modelOf(usual, "", "", "")).isEmpty();
    assertThat(ImageCommand.modelOf(other, "", "", ""))
        .isEqualTo(Map.of("revision", "bf16", "from_pt", "false"));
    assertThat(ImageCommand.modelOf(variant, "", "", "")).isEqualTo(Map.of("variant", "non_ema"));
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
    return ImageCommand.modelOf(
        Map.of("pretrained_model_name_or_path", named, "revision", revision), commit, "", "");
  }
}
