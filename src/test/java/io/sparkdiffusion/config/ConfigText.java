package io.sparkdiffusion.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Loads configurations that tests write out. */
final class ConfigText {

  /** The least that a configuration must say. */
  static final String MINIMAL =
      """
      pretrained_model_name_or_path: ./models/small
      prompts: prompts.csv
      """;

  /** Every setting that can have a value other than its default, with such a value. */
  static final String FULL =
      """
      prompts: warehouse/prompts
      prompts_format: csv
      prompts_options: {sep: ';', encoding: windows-1252}
      id_column: key
      prompt_column: caption
      ignore_columns: width, status
      negative_prompt: blurry
      num_images: 3
      seed: -9
      num_inference_steps: 20
      guidance_scale: 5
      guidance_rescale: 0.7
      eta: 0.5
      prompt_syntax: a1111
      clip_skip: 2
      vae_tiling: on
      init_image: in.png
      init_image_sha256: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      mask_image: mask.png
      mask_image_sha256: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      depth_image: depth.png
      depth_image_sha256: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      init_image_fit: crop
      strength: 0.6
      noise_level: 30
      control_image: edges.png
      control_image_sha256: 10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      control_image_2: depth.png
      control_image_2_sha256: 20112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      control_image_3: pose.png
      control_image_3_sha256: 30112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
      control_preprocessor: canny, none, canny
      controlnet_conditioning_scale: 0.9
      control_guidance_start: 0.1
      control_guidance_end: 0.7
      diffusion_scheduler_config: {timestep_spacing: trailing, rescale_zero_terminal_snr: true}
      resolution: 256
      height: 768
      width: 640
      pretrained_model_name_or_path: /models/sd2
      model_digest: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      model_cache_dir: /scratch/models
      revision: fp16
      from_pt: false
      loras: ["styles/ink.safetensors:0.5", "org/name@v1/b.safetensors"]
      lora_unmatched: ignore
      embeddings: ["toys/toy.safetensors:<toy>", "hdfs://host/x.safetensors"]
      controlnets: [control/edges:0.5, control/depth, control/pose]
      hf_access_token: hf_secret
      device: cuda:1
      libtorch_path: ./gpu-env
      weights_dtype: bfloat16
      activations_dtype: bfloat16
      per_device_batch_size: 8
      price_per_device_hour: 2.5
      run_name: autumn
      output_dir: s3a://bucket/autumn
      output_table: lake.db.images
      output_format: png
      overwrite: everything
      max_failed_rows: 5%
      commit_group_images: 40
      output_commit: manifest
      png_parameters: False
      png_ai_mark: false
      gallery: false
      """;

  private ConfigText() {}

  static JobConfig load(Path folder, String yaml, String... overrides) {
    return JobConfig.load(write(folder, yaml), List.of(overrides));
  }

  /** A file {@code job.yml}. */
  static Path write(Path folder, String yaml) {
    try {
      return Files.writeString(folder.resolve("job.yml"), yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
