package io.sparkdiffusion.config;

import static io.sparkdiffusion.config.Setting.Type.BOOLEAN;
import static io.sparkdiffusion.config.Setting.Type.INTEGER;
import static io.sparkdiffusion.config.Setting.Type.LONG;
import static io.sparkdiffusion.config.Setting.Type.MAPPING;
import static io.sparkdiffusion.config.Setting.Type.NUMBER;
import static io.sparkdiffusion.config.Setting.Type.TEXT;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every setting; names and defaults are those of MaxDiffusion's Stable Diffusion 2 page. */
final class Settings {

  static final List<Setting> ALL =
      List.of(
          // What to draw
          new Setting(
              "prompt",
              TEXT,
              "",
              "one of prompt and prompts",
              "what to draw; one given on the command line replaces the file's prompts"),
          new Setting(
              "prompts",
              TEXT,
              "",
              "path or table name",
              "a table of prompts: Parquet, CSV, TSV, JSON, lines of text or a table that Spark knows"),
          new Setting(
              "prompts_format",
              TEXT,
              "auto",
              "auto, parquet, csv, tsv, json, txt, table",
              "how prompts is stored; auto goes by the extension"),
          new Setting(
              "prompts_options",
              MAPPING,
              "",
              "sep, quote, escape, encoding, comment, nullValue, …; empty: RFC 4180 in UTF-8",
              "how the text of CSV, TSV, JSON (encoding, multiLine) or TXT (encoding) is read, by the"
                  + " names of Spark's options"),
          new Setting(
              "id_column",
              TEXT,
              "",
              "column of prompts; empty: id, without one the prompt's SHA-256",
              "what names a row and its images"),
          new Setting("prompt_column", TEXT, "prompt", "column of prompts", "what is drawn"),
          new Setting(
              "ignore_columns",
              TEXT,
              "",
              "columns of prompts, with commas",
              "neither read nor passed through, as sizes and states of other pictures"),
          new Setting("negative_prompt", TEXT, "", "", "concepts to avoid"),
          new Setting(
              "num_images",
              INTEGER,
              "",
              "1 to 10000",
              "pictures for each row; empty: 1, with prompt= per_device_batch_size"),
          new Setting(
              "seed",
              LONG,
              "0",
              "-2^63 to 2^63 - 1",
              "random seed; picture k of a row uses the row's seed + k"),
          // How to draw it
          new Setting("num_inference_steps", INTEGER, "50", "1 to 1000 steps", "denoising steps"),
          new Setting(
              "guidance_scale",
              NUMBER,
              "7.5",
              "0 or more",
              "strength of classifier-free guidance; at most 1 is without guidance, as in diffusers"),
          new Setting(
              "guidance_rescale",
              NUMBER,
              "0.0",
              "0 to 1",
              "against overexposure when the terminal SNR nears zero; 0.7 goes with 7.5"),
          new Setting("scheduler", TEXT, "ddim", "ddim", "the sampler"),
          new Setting(
              "eta", NUMBER, "0.0", "0 to 1", "share of noise in each DDIM step; 0 has none"),
          new Setting(
              "diffusion_scheduler_config",
              MAPPING,
              "",
              "mapping, empty: the model folder's",
              "keys that win over the model folder's scheduler configuration"),
          new Setting(
              "resolution",
              INTEGER,
              "512",
              "pixels, a multiple of 8 from 8 to 4096",
              "height and width"),
          new Setting(
              "height", INTEGER, "", "as resolution", "height in pixels; empty: resolution"),
          new Setting("width", INTEGER, "", "as resolution", "width in pixels; empty: resolution"),
          // With which model
          new Setting(
              "pretrained_model_name_or_path",
              TEXT,
              "",
              "local folder, any Hadoop path or hub id, required",
              "the model in the layout that diffusers writes"),
          new Setting(
              "model_digest",
              TEXT,
              "",
              "64 hex digits; empty: any",
              "the digest that the model must have, as run.json tells it"),
          new Setting(
              "model_cache_dir",
              TEXT,
              "",
              "local folder; empty: ~/.cache/spark-diffusion/models",
              "where each machine keeps its copy of a model from a Hadoop path; for a hub id, the folder"
                  + " in place of HF_HUB_CACHE"),
          new Setting(
              "revision",
              TEXT,
              "",
              "branch, tag or commit; empty: main",
              "of a hub id, or of a folder models--ORG--NAME of its cache"),
          new Setting(
              "from_pt",
              BOOLEAN,
              "true",
              "true, false",
              "weights are PyTorch's, in safetensors; false: Flax's, in msgpack"),
          new Setting(
              "variant",
              TEXT,
              "",
              "as in file names: fp16, bf16, non_ema, ...; empty: without",
              "which of several weights beside each other, as in diffusers; a network that has none"
                  + " of it has its usual ones"),
          new Setting(
              "unet_checkpoint",
              TEXT,
              "",
              "empty only",
              "put another UNet into the model folder instead"),
          new Setting(
              "hf_access_token",
              TEXT,
              "",
              "empty: HF_TOKEN or the token file of each machine",
              "for a private or gated hub id; never shown or kept"),
          // On what
          new Setting(
              "device",
              TEXT,
              "auto",
              "auto, cpu, cuda, cuda:N",
              "auto is the GPU where Spark or libtorch has one, else the CPU"),
          new Setting(
              "libtorch_path",
              TEXT,
              "",
              "folder on each executor; empty: PYTORCH_LIBRARY_PATH, else the job's own for CPUs",
              "the PyTorch 2.7.1 that computes, with CUDA for GPUs: a virtual environment, what"
                  + " jobs/gpu-env has made, or torch/lib"),
          new Setting(
              "weights_dtype",
              TEXT,
              "float32",
              "float32, bfloat16, float16 (GPU only)",
              "number format of the weights"),
          new Setting(
              "activations_dtype",
              TEXT,
              "float32",
              "equal to weights_dtype",
              "number format of the activations"),
          new Setting(
              "per_device_batch_size",
              INTEGER,
              "1",
              "1 or more images",
              "images in a batch; every batch is padded to it"),
          new Setting(
              "price_per_device_hour",
              NUMBER,
              "",
              "0 or more, any currency; empty: no cost told",
              "run.json tells what the devices' time has cost, --dry-run what it would"),
          // To where
          new Setting(
              "run_name",
              TEXT,
              "",
              "letters, digits, . _ -",
              "names the run; empty: the configuration file's name"),
          new Setting(
              "output_dir", TEXT, "", "any Hadoop path", "output folder; empty: output/RUN_NAME"),
          new Setting(
              "output_table",
              TEXT,
              "",
              "table name in a catalog",
              "Iceberg or Delta table that takes the rows, made on first use; empty: the folder"
                  + " rows/ in output_dir"),
          new Setting(
              "output_format", TEXT, "both", "parquet, png, both", "rows, PNG files or both"),
          new Setting(
              "overwrite",
              TEXT,
              "nothing",
              "nothing, images, everything",
              "nothing: images that are there are skipped; images: all are made again and their"
                  + " rows added, the newest run counts; everything: as images, and once all is"
                  + " done, rows and PNG files that earlier runs left are removed"),
          new Setting(
              "max_failed_rows",
              TEXT,
              "",
              "count, or share as 0.1 or 10%",
              "stop when more rows have failed; empty: all may fail"),
          new Setting(
              "commit_group_images",
              INTEGER,
              "1000",
              "1 or more images",
              "images that appear in the output together; a killed run loses two such groups"),
          new Setting(
              "output_commit",
              TEXT,
              "auto",
              "auto, rename, manifest",
              "how the images of a group appear in output_dir: one rename, which must be atomic, or"
                  + " a manifest of its files; auto: rename on file and hdfs, manifest elsewhere"),
          new Setting(
              "png_parameters",
              BOOLEAN,
              "true",
              "true, false",
              "write prompts and parameters into PNG files"),
          new Setting(
              "png_ai_mark",
              BOOLEAN,
              "true",
              "true, false",
              "mark PNG files as made by a model, for machines"),
          new Setting(
              "gallery",
              BOOLEAN,
              "true",
              "true, false",
              "write index.html, a page that shows the output's pictures"));

  static final Map<String, Setting> BY_KEY = byKey();

  private Settings() {}

  private static Map<String, Setting> byKey() {
    Map<String, Setting> byKey = new LinkedHashMap<>();
    ALL.forEach(setting -> byKey.put(setting.key(), setting));
    return byKey;
  }
}
