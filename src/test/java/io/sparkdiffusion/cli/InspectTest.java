package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.metadata.EmbeddingTag;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageOrigin;
import io.sparkdiffusion.metadata.LoraTag;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Requests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectTest {

  private static final GenerationParameters PARAMETERS =
      GenerationParameters.of(
          Requests.of(
              "a",
              0,
              "a fox, 猫",
              "blurry",
              Parameters.SEED.of(42L),
              Parameters.NUM_INFERENCE_STEPS.of(20),
              Parameters.HEIGHT.of(8),
              Parameters.WIDTH.of(8)),
          "0123456789ab",
          "tiny");
  private static final ImageOrigin ORIGIN =
      new ImageOrigin("0123456789ab", "float32", Map.of("timestep_spacing", "leading"), 1);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @Test
  void tellsHowAImageWasMadeAndHowToMakeItAgain() throws IOException {
    Path file =
        write(
            "images/a.png", List.of(PngText.of(PARAMETERS), PngText.of(ORIGIN), PngText.aiMark()));
    Files.writeString(
        folder.resolve("run.json"),
        "{\"configuration\": {\"pretrained_model_name_or_path\": \"models/tiny\","
            + "\"from_pt\": \"false\"}}");
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .isEqualTo(
            """
            a fox, 猫
            Negative prompt: blurry
            Steps: 20, Sampler: DDIM, CFG scale: 7.5, Seed: 42, Size: 8x8, Model hash: 0123456789, Model: tiny

            Marked as made by AI: yes
            Model digest: 0123456789ab
            Number format: float32

            Make it again:
            ./jobs/generate configs/base21.yml pretrained_model_name_or_path=models/tiny from_pt=false 'prompt=a fox, 猫'\
             negative_prompt=blurry prompt_syntax=plain clip_skip=0 seed=42 num_images=1 num_inference_steps=20 guidance_scale=7.5\
             guidance_rescale=0.0 height=8 width=8 scheduler=ddim eta=0.0 vae_tiling=auto\
             weights_dtype=float32\
             activations_dtype=float32 'diffusion_scheduler_config={"timestep_spacing":"leading"}'\
             run_name=again
            """);
  }

  @Test
  void theCommandNamesTheLorasOfTheRun() throws IOException {
    GenerationParameters parameters =
        new GenerationParameters(
            PARAMETERS.values(), "0123456789", "tiny", List.of(new LoraTag("ink", "0.5", "ab12")));
    Path file =
        write(
            "images/a.png", List.of(PngText.of(parameters), PngText.of(ORIGIN), PngText.aiMark()));
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("a fox, 猫 <lora:ink:0.5>\n", "Lora hashes: ", "ink: ab12")
        .contains(" loras=LORA_FILE_OF_ink:0.5 'prompt=a fox, 猫' ");

    Files.writeString(
        folder.resolve("run.json"),
        "{\"configuration\": {\"pretrained_model_name_or_path\": \"models/tiny\","
            + "\"loras\": \"org/name/ink.safetensors:0.5\", \"lora_unmatched\": \"ignore\"},"
            + "\"model\": {\"loras\": \"org/name@0a1b/ink.safetensors:0.5\"}}");
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains(
            " pretrained_model_name_or_path=models/tiny loras=org/name@0a1b/ink.safetensors:0.5"
                + " lora_unmatched=ignore 'prompt=a fox, 猫' ");
  }

  @Test
  void theCommandNamesTheEmbeddingsOfTheRun() throws IOException {
    GenerationParameters parameters =
        PARAMETERS.with(List.of(new EmbeddingTag("<toy>", "0123456789ab")));
    Path file =
        write(
            "images/a.png", List.of(PngText.of(parameters), PngText.of(ORIGIN), PngText.aiMark()));
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("TI hashes: ", "<toy>: 0123456789ab")
        .contains(" 'embeddings=EMBEDDING_FILE_OF_<toy>:<toy>' 'prompt=a fox, 猫' ");

    Files.writeString(
        folder.resolve("run.json"),
        "{\"configuration\": {\"pretrained_model_name_or_path\": \"models/tiny\","
            + "\"embeddings\": \"org/name/toy.safetensors\"},"
            + "\"model\": {\"embeddings\": \"org/name@0a1b/toy.safetensors:<toy>\"}}");
    for (String[] more : new String[][] {{}, {"--model=elsewhere"}}) {
      assertThat(run(file, more)).isEqualTo(ExitCode.DONE);
      assertThat(text(out))
          .contains(" 'embeddings=org/name@0a1b/toy.safetensors:<toy>' 'prompt=a fox, 猫' ");
    }
  }

  @Test
  void namesTheCommitOfAHubsModel() throws IOException {
    Path file = write("images/a.png", List.of(PngText.of(PARAMETERS), PngText.of(ORIGIN)));
    Files.writeString(
        folder.resolve("run.json"),
        "{\"model\": {\"name\": \"org/tiny\", \"commit\": \"0a1b\"}, \"configuration\":"
            + " {\"pretrained_model_name_or_path\": \"org/tiny\", \"revision\": \"main\"}}");
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains("pretrained_model_name_or_path=org/tiny revision=0a1b ");
  }

  @Test
  void takesAnyReportOfTheRun() throws IOException {
    Path file = write("images/a.png", List.of(PngText.of(PARAMETERS), PngText.of(ORIGIN)));
    Path report = folder.resolve("run.json");

    Files.writeString(report, "{\"model\": {\"name\": \"org/tiny\", \"commit\": \"0a1b\"}}");
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains("pretrained_model_name_or_path=MODEL_FOLDER_OF_");

    Files.writeString(
        report,
        "{\"model\": {\"commit\": \"(\"}, \"configuration\":"
            + " {\"pretrained_model_name_or_path\": \"org/tiny\"}}");
    assertThat(run(file)).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains("pretrained_model_name_or_path=org/tiny 'revision=('");
  }

  @Test
  void takesTheModelThatIsGiven() throws IOException {
    Path file = write("a.png", List.of(PngText.of(PARAMETERS), PngText.of(ORIGIN)));
    assertThat(run(file, "--model=/models/tiny")).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("Marked as made by AI: no", "pretrained_model_name_or_path=/models/tiny ");
  }

  @Test
  void theCommandNamesTheImageThatItStartsFromAndWhatThatMustBe() throws IOException {
    String hash = "ab".repeat(32);
    Path file =
        write(
            "a.png", List.of(PngText.of(startingFrom("file:/in/1.png", hash)), PngText.of(ORIGIN)));
    String rest = " init_image_sha256=%s init_image_fit=exact strength=0.8 ".formatted(hash);
    assertThat(run(file, "--model=/models/tiny")).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains("Denoising strength: 0.8", " init_image=file:/in/1.png" + rest);
    assertThat(run(file, "--model=/models/tiny", "--init-image=/moved.png")).isEqualTo(0);
    assertThat(text(out)).contains(" init_image=/moved.png" + rest);
  }

  @Test
  void anImageOfATableIsAskedFor() throws IOException {
    String hash = "ab".repeat(32);
    Path file = write("a.png", List.of(PngText.of(startingFrom("", hash)), PngText.of(ORIGIN)));
    assertThat(run(file, "--model=/models/tiny")).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).contains(" init_image=INIT_IMAGE_WITH_SHA256_" + hash + " ");
    assertThat(run(file, "--model=/models/tiny", "--again=" + folder.resolve("new")))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .contains(
            "its init_image lay in a table, --init-image=FILE must name one with its"
                + " bytes (SHA-256 %s)".formatted(hash));
  }

  private static GenerationParameters startingFrom(String path, String hash) {
    return GenerationParameters.of(
        Requests.of("a", 0, "a fox", "", Parameters.HEIGHT.of(8), Parameters.WIDTH.of(8))
            .withInputs(Map.of(InputImage.INIT, new InputFile(path, hash))),
        "0123456789ab",
        "tiny");
  }

  @Test
  void saysThatItHasNoEmbeddings() throws IOException {
    GenerationParameters parameters =
        GenerationParameters.of(
            Requests.ofRow("", Map.of("negative_prompt_embeds", List.of(List.of(1, 2)))),
            "0123456789ab",
            "tiny");
    Path file = write("a.png", List.of(PngText.of(parameters), PngText.of(ORIGIN)));
    assertThat(run(file, "--model=/models/tiny")).isEqualTo(ExitCode.DONE);
    assertThat(text(out))
        .contains("Negative prompt embeds: ")
        .endsWith("It was made from embeddings: its row has them, this file has not.\n");
    assertThat(run(file, "--again=" + folder.resolve("new"))).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("its prompts must be texts (embeddings, which its row has)");
  }

  @Test
  void refusesWhatItCannotRead() throws IOException {
    assertThat(run(folder.resolve("none.png"))).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).startsWith("Cannot inspect " + folder.resolve("none.png") + ": the file");

    Path text = Files.writeString(folder.resolve("text.png"), "this is no image");
    assertThat(run(text)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("it must be a PNG file (it does not begin as a PNG file does)");

    byte[] whole = Files.readAllBytes(write("whole.png", List.of(PngText.aiMark())));
    Path half = folder.resolve("half.png");
    Files.write(half, Arrays.copyOf(whole, whole.length - 20));
    assertThat(run(half)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("it must be a PNG file (it is cut off)");

    assertThat(run(folder.resolve("whole.png"))).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .contains(
            "it must have a text 'parameters', which png_parameters=true writes (it has"
                + " [XML:com.adobe.xmp])");
  }

  private Path write(String name, List<PngText> texts) throws IOException {
    byte[] rgb = new byte[8 * 8 * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) i;
    }
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, PngEncoder.encode(new RgbImage(8, 8, rgb), texts));
  }

  private int run(Path file, String... options) {
    String[] arguments = Arrays.copyOf(options, options.length + 1);
    arguments[options.length] = file.toString();
    return new Inspect(print(out), print(err)).run(arguments);
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream from) {
    return from.toString(StandardCharsets.UTF_8);
  }
}
