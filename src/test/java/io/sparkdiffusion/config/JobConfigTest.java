package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.sparkdiffusion.request.Parameters;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobConfigTest {

  @TempDir Path folder;

  @Test
  void isNamedAfterItsFileByDefault() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).runName()).isEqualTo("job");
  }

  @Test
  void readsTheRunsName() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).runName()).isEqualTo("autumn");
  }

  @Test
  void refusesANameThatIsNoFolder() {
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "run_name=../x"))
        .hasMessage(
            "Cannot use run_name: it must be 1 to 100 letters, digits, dots, dashes and"
                + " underscores that begin with a letter or digit (../x)");
  }

  @Test
  void tellsNoCostWithoutAPrice() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).price())
        .isEqualTo(new DevicePrice.Unknown());
  }

  @Test
  void readsThePriceOfADevice() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).price())
        .isEqualTo(new DevicePrice.PerHour(2.5));
  }

  @Test
  void refusesAPriceBelowNothing() {
    assertThatThrownBy(
            () -> ConfigText.load(folder, ConfigText.MINIMAL, "price_per_device_hour=-1"))
        .hasMessage("Cannot use price_per_device_hour: it must be finite and 0 or more (-1.0)");
    assertThatThrownBy(
            () -> ConfigText.load(folder, ConfigText.MINIMAL, "price_per_device_hour=2 EUR"))
        .hasMessage("Cannot read price_per_device_hour: it must be a number (2 EUR)");
  }

  @Test
  void letsTheLastOverrideWin() {
    JobConfig config =
        ConfigText.load(folder, ConfigText.FULL, "seed=1", "seed=42", "negative_prompt=");

    assertThat(config.sampling().get(Parameters.SEED)).isEqualTo(42);
    assertThat(config.sampling().get(Parameters.NEGATIVE_PROMPT)).isEmpty();
  }

  @Test
  void reportsAllProblemsTogether() {
    String yaml = "num_inference_step: 20\nattention: flash\nseed: [1]\nguidance_scale: strong\n";

    assertThatThrownBy(
            () -> ConfigText.load(folder, yaml, "ici_tensor_parallelism=2", "a cat", "eta=2"))
        .asInstanceOf(type(ProblemsException.class))
        .extracting(ProblemsException::problems)
        .isEqualTo(
            List.of(
                    "Cannot use num_inference_step: there is no such setting, the nearest is"
                        + " num_inference_steps (FILE)",
                    "Cannot use attention: it has no meaning here, kernels follow device and"
                        + " weights_dtype by a table in the source, leave it out (FILE)",
                    "Cannot use ici_tensor_parallelism: it has no meaning here, Spark spreads the rows"
                        + " over executors, set them with Spark's options after -- (command line)",
                    "Cannot read override 2: it must be key=value, quoted where it has spaces"
                        + " (no key)",
                    "Cannot use pretrained_model_name_or_path: it must name a model folder"
                        + " (not set)",
                    "Cannot use prompt and prompts: one of them must be set, and not the other"
                        + " (neither is)",
                    "Cannot read seed: it must be an integer of 64 bits (a list)",
                    "Cannot read guidance_scale: it must be a number (strong)",
                    "Cannot use eta: it must be 0 to 1 (2.0)")
                .stream()
                .map(line -> line.replace("FILE", folder.resolve("job.yml").toString()))
                .toList());
  }

  @Test
  void refusesValuesThatDoNotParse() {
    assertThatThrownBy(
            () ->
                ConfigText.load(
                    folder,
                    ConfigText.MINIMAL,
                    "num_inference_steps=fifty",
                    "resolution=512.0",
                    "seed=9223372036854775808",
                    "guidance_scale=NaN",
                    "diffusion_scheduler_config=[1]"))
        .hasMessage(
            """
            Cannot read diffusion_scheduler_config: it must be a mapping of keys to values (it \
            starts with a list)
            Cannot read resolution: it must be an integer (512.0)
            Cannot read seed: it must be an integer of 64 bits (9223372036854775808)
            Cannot read num_inference_steps: it must be an integer (fifty)
            Cannot read guidance_scale: it must be a number (NaN)""");
  }

  @Test
  void keepsTextsAsTheyAreWritten() {
    String yaml = ConfigText.MINIMAL + "negative_prompt: 007\nrun_name: 1e3\nwidth: ~\n";
    JobConfig config = ConfigText.load(folder, yaml);

    assertThat(config.sampling().get(Parameters.NEGATIVE_PROMPT)).isEqualTo("007");
    assertThat(config.runName()).isEqualTo("1e3");
    assertThat(config.sampling().get(Parameters.WIDTH)).isEqualTo(512);
  }

  @Test
  void refusesYamlThatIsNotOneMapping() {
    String file = folder.resolve("job.yml").toString();

    assertThatThrownBy(() -> ConfigText.load(folder, "seed: 1\nseed: 2\n"))
        .hasMessage(
            "Cannot read " + file + ": the key 'seed' must not occur twice (line 2, column 1)");
    assertThatThrownBy(() -> ConfigText.load(folder, "- a\n- b\n"))
        .hasMessage(
            "Cannot read "
                + file
                + ": it must be a mapping of keys to values"
                + " (it starts with a list)");
    assertThatThrownBy(() -> ConfigText.load(folder, ""))
        .hasMessage(
            "Cannot read " + file + ": it must be a mapping of keys to values (it is empty)");
    assertThatThrownBy(() -> ConfigText.load(folder, "prompt: a cat\n  seed: [\n"))
        .hasMessageStartingWith("Cannot read " + file + ": it must be valid YAML, with")
        .hasMessageContaining(" in quotes (line 2, column")
        .hasMessageNotContaining("cat");
    assertThatThrownBy(() -> ConfigText.load(folder, "seed: 1\n---\nseed: 2\n"))
        .hasMessageStartingWith(
            "Cannot read " + file + ": it must hold one mapping and nothing after it (line 3");
    assertThatThrownBy(() -> ConfigText.load(folder, "eta: &e 0\nseed: *e\n"))
        .hasMessageStartingWith("Cannot read " + file + ": an alias must be written out (line 2");
  }

  @Test
  void refusesAMissingFile() {
    Path missing = folder.resolve("missing.yml");

    assertThatThrownBy(() -> JobConfig.load(missing, List.of()))
        .hasMessage("Cannot read " + missing + ": the file must exist (missing)");
    assertThatThrownBy(() -> JobConfig.load(folder, List.of()))
        .hasMessageStartingWith("Cannot read " + folder + ": it must be a readable file (");
  }

  @Test
  void showsEverySettingSortedAndNoSecrets() {
    JobConfig config = ConfigText.load(folder, ConfigText.FULL, "prompt=a cat");

    assertThat(config.effective()).containsOnlyKeys(Settings.BY_KEY.keySet());
    assertThat(config.effective().toString())
        .isEqualTo(
            "{activations_dtype=bfloat16, clip_skip=2, commit_group_images=40,"
                + " control_guidance_end=0.7, control_guidance_start=0.1,"
                + " control_image=edges.png, control_image_2=depth.png,"
                + " control_image_2_sha256=20112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,"
                + " control_image_3=pose.png,"
                + " control_image_3_sha256=30112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,"
                + " control_image_sha256=10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,"
                + " control_preprocessor=canny,none,canny, controlnet_conditioning_scale=0.9,"
                + " controlnets=control/edges:0.5,control/depth,control/pose,"
                + " depth_image=depth.png,"
                + " depth_image_sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,"
                + " device=cuda:1,"
                + " diffusion_scheduler_config={\"rescale_betas_zero_snr\":true,"
                + "\"timestep_spacing\":\"trailing\"},"
                + " embeddings=toys/toy.safetensors:<toy>,hdfs://host/x.safetensors,"
                + " eta=0.5, from_pt=false,"
                + " gallery=false, guidance_rescale=0.7, guidance_scale=5.0, height=768,"
                + " hf_access_token=(set), id_column=, ignore_columns=,"
                + " init_image=in.png, init_image_fit=crop,"
                + " init_image_sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,"
                + " libtorch_path=./gpu-env,"
                + " lora_unmatched=ignore,"
                + " loras=styles/ink.safetensors:0.5,org/name@v1/b.safetensors,"
                + " mask_image=mask.png,"
                + " mask_image_sha256=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,"
                + " max_failed_rows=0.05,"
                + " model_cache_dir=/scratch/models,"
                + " model_digest=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,"
                + " negative_prompt=(set),"
                + " noise_level=30,"
                + " num_images=3, num_inference_steps=20, output_commit=manifest,"
                + " output_dir=s3a://bucket/autumn,"
                + " output_format=png, output_table=lake.db.images, overwrite=everything,"
                + " per_device_batch_size=8, png_ai_mark=false,"
                + " png_parameters=false, pretrained_model_name_or_path=/models/sd2,"
                + " price_per_device_hour=2.5, prompt=(set), prompt_column=prompt,"
                + " prompt_syntax=a1111, prompts=,"
                + " prompts_format=auto, prompts_options=, resolution=, revision=fp16,"
                + " run_name=autumn, scheduler=ddim, seed=-9, strength=0.6,"
                + " vae_tiling=on, variant=, weights_dtype=bfloat16, width=640}");
    assertThat(config.toString()).doesNotContain("a cat", "blurry", "hf_secret");
  }

  @Test
  void showsHowATableIsRead() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).effective())
        .containsEntry("prompts", "warehouse/prompts")
        .containsEntry("prompts_format", "csv")
        .containsEntry("prompts_options", "{\"encoding\":\"windows-1252\",\"sep\":\";\"}")
        .containsEntry("id_column", "key")
        .containsEntry("prompt_column", "caption")
        .containsEntry("ignore_columns", "width,status");
  }

  @Test
  void showsWhatStandsForEmptySettings() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).effective())
        .containsEntry("prompt", "")
        .containsEntry("negative_prompt", "")
        .containsEntry("hf_access_token", "")
        .containsEntry("resolution", "512")
        .containsEntry("height", "512")
        .containsEntry("max_failed_rows", "")
        .containsEntry("price_per_device_hour", "")
        .containsEntry("output_dir", "output/job");
  }

  @Test
  void readsOverridesFromAFile() throws IOException {
    Path file = folder.resolve("overrides");

    Files.writeString(file, "prompt=a\nb\0negative_prompt=\0seed=1\0");
    assertThat(JobConfig.readOverrides(file))
        .isEqualTo(List.of("prompt=a\nb", "negative_prompt=", "seed=1"));
    Files.writeString(file, "");
    assertThat(JobConfig.readOverrides(file)).isEmpty();
    assertThatThrownBy(() -> JobConfig.readOverrides(folder.resolve("none")))
        .hasMessage(
            "Cannot read overrides: the file must be readable UTF-8 ("
                + folder.resolve("none")
                + ")");
  }

  @Test
  void travelsToExecutors() throws IOException, ClassNotFoundException {
    JobConfig config = ConfigText.load(folder, ConfigText.FULL);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(config);
    }

    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(config);
    }
  }
}
