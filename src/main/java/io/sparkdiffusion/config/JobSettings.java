package io.sparkdiffusion.config;

import static io.sparkdiffusion.config.Setting.choice;
import static io.sparkdiffusion.config.Setting.flag;
import static io.sparkdiffusion.config.Setting.integer;
import static io.sparkdiffusion.config.Setting.list;
import static io.sparkdiffusion.config.Setting.mapping;
import static io.sparkdiffusion.config.Setting.number;
import static io.sparkdiffusion.config.Setting.text;

import java.util.Map;
import java.util.stream.Stream;

/** The settings that are the job's own, and what a report tells of them. */
final class JobSettings {

  private JobSettings() {}

  static Stream<Setting> whatToDraw() {
    return Stream.of(
        text(
                "prompt",
                "",
                "one of prompt and prompts",
                "what to draw; one given on the command line replaces the file's prompts")
            .told(config -> config.input() instanceof InputConfig.Single ? "(set)" : ""),
        text(
                "prompts",
                "",
                "path or table name",
                "a table of prompts: Parquet, CSV, TSV, JSON, lines of text or a table that"
                    + " Spark knows")
            .ofTable(InputConfig.Table::location),
        choice(
                "prompts_format",
                TableFormat.AUTO,
                "how prompts is stored; auto goes by the extension")
            .ofTable(InputConfig.Table::format),
        mapping(
                "prompts_options",
                "sep, quote, escape, encoding, comment, nullValue, …; empty: RFC 4180 in UTF-8",
                "how the text of CSV, TSV, JSON (encoding, multiLine) or TXT (encoding) is"
                    + " read, by the names of Spark's options")
            .ofTable(table -> written(table.options().values())),
        text(
                "id_column",
                "",
                "column of prompts; empty: id, without one the prompt's SHA-256",
                "what names a row and its images")
            .ofTable(table -> table.columns().id()),
        text("prompt_column", "prompt", "column of prompts", "what is drawn")
            .ofTable(table -> table.columns().prompt()),
        text(
                "ignore_columns",
                "",
                "columns of prompts, with commas",
                "neither read nor passed through, as sizes and states of other images")
            .ofTable(table -> String.join(",", table.columns().ignored())));
  }

  static Stream<Setting> howToDrawIt() {
    return Stream.of(
        mapping(
                "diffusion_scheduler_config",
                "mapping, empty: the model folder's",
                "keys that win over the model folder's scheduler configuration")
            .told(config -> written(config.model().schedulerOverrides())));
  }

  static Stream<Setting> withWhichModel() {
    return Stream.of(
        text(
                "pretrained_model_name_or_path",
                "",
                "local folder, any Hadoop path or hub id, required",
                "the model in the layout that diffusers writes")
            .told(config -> config.model().folder()),
        text(
                "model_digest",
                "",
                "64 hex digits; empty: any",
                "the digest that the model must have, as run.json tells it")
            .told(config -> config.model().digest()),
        text(
                "model_cache_dir",
                "",
                "local folder; empty: ~/.cache/spark-diffusion/models",
                "where each machine keeps its copy of a model from a Hadoop path; for a hub"
                    + " id, the folder instead of HF_HUB_CACHE")
            .told(config -> config.model().cacheDirectory()),
        text(
                "revision",
                "",
                "branch, tag or commit; empty: main",
                "of a hub id, or of a folder models--ORG--NAME of its cache")
            .told(config -> config.model().revision()),
        flag("from_pt", "weights are PyTorch's, in safetensors; false: Flax's, in msgpack")
            .told(config -> config.model().weights().format() == WeightFormat.SAFETENSORS),
        text(
                "variant",
                "",
                "as in file names: fp16, bf16, non_ema, ...; empty: without",
                "which of several weights beside each other, as in diffusers; a network"
                    + " that has none of it has its usual ones")
            .told(config -> config.model().weights().variant()),
        list(
                "loras",
                "PATH[:WEIGHT], …; a local file, any Hadoop path or ORG/NAME[@REVISION]/FILE of a hub",
                "LoRA files in safetensors that are added to the weights, each with a weight from"
                    + " -100 to 100, 1 without one")
            .told(config -> config.model().loras()),
        choice(
                "lora_unmatched",
                LoraUnmatched.REFUSE,
                "a LoRA's tensors that belong to no layer of the model: refuse the file, or ignore"
                    + " them")
            .told(config -> config.model().loras().unmatched()),
        list(
                "embeddings",
                "PATH[:TOKEN], …; paths as in loras",
                "files of textual inversion in safetensors, each for a token of prompts: TOKEN, else"
                    + " the one that the file says, or its name")
            .told(config -> config.model().embeddings()),
        list(
                "controlnets",
                "FOLDER[:WEIGHT], …; at most 3; a local folder, any Hadoop path or ORG/NAME[@REVISION] of a hub",
                "ControlNets in the layout that diffusers writes, each with a weight from -100 to"
                    + " 100, 1 without one; the first looks at control_image, the second at"
                    + " control_image_2")
            .told(config -> config.model().controlNets()),
        text(
                "hf_access_token",
                "",
                "empty: HF_TOKEN or the token file of each machine",
                "for a private or gated hub id; never shown or kept")
            .told(config -> config.model().accessToken()));
  }

  static Stream<Setting> onWhat() {
    return Stream.of(
        text(
                "device",
                "auto",
                "auto, cpu, cuda, cuda:N",
                "auto is the GPU where Spark or libtorch has one, else the CPU")
            .withWords("auto", "cpu", "cuda")
            .told(config -> config.execution().device()),
        text(
                "libtorch_path",
                "",
                "folder on each executor; empty: PYTORCH_LIBRARY_PATH, else the job's own"
                    + " for CPUs",
                "the PyTorch 2.7.1 that computes, with CUDA for GPUs: a virtual"
                    + " environment, what jobs/gpu-env has made, or torch/lib")
            .told(config -> config.execution().libtorchPath()),
        text(
                "weights_dtype",
                "auto",
                "auto, float32, bfloat16, float16 (GPU only)",
                "number format of the weights; auto: that of activations_dtype")
            .withWords("auto", "float32", "bfloat16", "float16")
            .told(config -> config.execution().weightsDtype()),
        text(
                "activations_dtype",
                "auto",
                "as weights_dtype, and equal to it",
                "number format of the activations; auto: that of weights_dtype, where both are,"
                    + " float32 on a CPU, on a GPU bfloat16 or what it has")
            .withWords("auto", "float32", "bfloat16", "float16")
            .told(config -> config.execution().activationsDtype()),
        text(
                "per_device_batch_size",
                BatchSize.WORD,
                "auto, 1 or more images",
                "images in a batch; every batch is padded to it; auto: 1 on a CPU, on a GPU what"
                    + " its memory holds, up to 16")
            .withWords(BatchSize.WORD)
            .told(config -> config.execution().perDeviceBatchSize()),
        number(
                "price_per_device_hour",
                "",
                "0 or more, any currency; empty: no cost told",
                "run.json tells what the devices' time has cost, --dry-run what it would")
            .told(JobConfig::price));
  }

  static Stream<Setting> toWhere() {
    return Stream.of(
        text(
                "run_name",
                "",
                "letters, digits, . _ -",
                "names the run; empty: the configuration file's name")
            .told(JobConfig::runName),
        text("output_dir", "", "any Hadoop path", "output folder; empty: output/RUN_NAME")
            .told(config -> config.output().directory()),
        text(
                "output_table",
                "",
                "table name in a catalog",
                "Iceberg or Delta table that takes the rows, made on first use; empty: the"
                    + " folder rows/ in output_dir")
            .told(config -> config.output().table()),
        choice("output_format", OutputFormat.BOTH, "rows, PNG files or both")
            .told(config -> config.output().format()),
        choice(
                "overwrite",
                Overwrite.NOTHING,
                "nothing: images that are there are skipped; images: all are made again and"
                    + " their rows added, the newest run counts; everything: as images, and once"
                    + " all is done, rows and PNG files that earlier runs left are removed")
            .told(config -> config.output().overwrite()),
        text(
                "max_failed_rows",
                "",
                "count, or share as 0.1 or 10%",
                "stop when more rows have failed; empty: all may fail")
            .told(config -> config.output().maxFailedRows()),
        integer(
                "commit_group_images",
                "1000",
                "1 or more images",
                "images that appear in the output together; a killed run loses two such groups")
            .told(config -> config.output().commitGroupImages()),
        choice(
                "output_commit",
                OutputCommit.AUTO,
                "how the images of a group appear in output_dir: one rename, which must be"
                    + " atomic, or a manifest of its files; auto: rename on file and hdfs,"
                    + " manifest elsewhere")
            .told(config -> config.output().commit()),
        flag("png_parameters", "write prompts and parameters into PNG files")
            .told(config -> config.output().pngParameters()),
        flag("png_ai_mark", "mark PNG files as made by a model, for machines")
            .told(config -> config.output().pngAiMark()),
        flag("gallery", "write index.html, a page that shows the output's images")
            .told(config -> config.output().gallery()));
  }

  private static String written(Map<String, ?> mapping) {
    return mapping.isEmpty() ? "" : StrictJson.canonical(mapping);
  }
}
