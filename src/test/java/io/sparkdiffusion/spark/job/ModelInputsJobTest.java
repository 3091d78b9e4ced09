package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.testing.AdapterFiles;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real models are held against the input images that a job has before anything is made. */
class ModelInputsJobTest {

  @TempDir private Path folder;

  private String image;

  @BeforeEach
  void draw() throws IOException {
    byte[] rgb = new byte[3 * 64 * 64];
    Arrays.fill(rgb, 99, 999, (byte) 200);
    Path file = folder.resolve("in.png");
    Files.write(file, PngEncoder.encode(new RgbImage(64, 64, rgb), List.of()));
    image = file.toString();
  }

  @Test
  void anInpaintingModelNeedsAnImageAndAMask() throws IOException {
    Path model = ReferenceModels.folder("inpainting");
    String need =
        "Cannot use the model: this is an inpainting model: it needs init_image and mask_image (%s)";
    assertRefused(model, need.formatted("neither"), "prompt=fox");
    assertRefused(model, need.formatted("init_image alone"), "prompt=fox", "init_image=" + image);
    List<String> lines =
        job(model, "prompt=fox", "init_image=" + image, "mask_image=" + image).dryRun().lines();
    assertThat(lines).anyMatch(line -> line.contains("1 are to be made"));
  }

  @Test
  void aRowWithoutItsMaskFailsBeforeItIsMade() throws IOException {
    Path table =
        Files.writeString(
            folder.resolve("rows.csv"),
            "id,prompt,init_image,mask_image\na,fox,in.png,in.png\nb,fox,in.png,\n");
    List<String> lines =
        job(ReferenceModels.folder("inpainting"), "prompts=" + table).dryRun().lines();
    assertThat(lines)
        .contains(
            "  1: Cannot use the model: this is an inpainting model: it needs init_image and"
                + " mask_image");
  }

  @Test
  void aDepthModelNeedsADepthAndNoMask() throws IOException {
    Path model = ReferenceModels.folder("depth");
    assertRefused(
        model,
        "Cannot use the model: this is a depth model: it needs init_image and depth_image (init_image alone)",
        "prompt=fox",
        "init_image=" + image);
    assertRefused(
        model,
        "Cannot use mask_image: the model must take it (this is a depth model: it needs init_image and depth_image)",
        "prompt=fox",
        "init_image=" + image,
        "depth_image=" + image,
        "mask_image=" + image);
    assertRefused(
        ReferenceModels.folder("base"),
        "Cannot use depth_image: the model must take it (this is a text-to-image model)",
        "prompt=fox",
        "init_image=" + image,
        "depth_image=" + image);
  }

  @Test
  void whatTheModelHasNoUseForFailsItsRowAlone() throws IOException {
    Path depth =
        Files.writeString(
            folder.resolve("depth.jsonl"),
            """
            {"id": "a", "prompt": "fox", "init_image": "in.png", "depth_image": "in.png", "mask_image": null}
            {"id": "b", "prompt": "fox", "init_image": "in.png", "depth_image": "in.png", "mask_image": "in.png"}
            """);
    assertThat(job(ReferenceModels.folder("depth"), "prompts=" + depth).dryRun().lines())
        .anyMatch(line -> line.contains("1 are to be made"))
        .contains("  1: Cannot use mask_image: the model must take it");

    Path nothing =
        Files.writeString(
            folder.resolve("nothing.jsonl"),
            "{\"id\": \"a\", \"prompt\": \"fox\", \"depth_image\": null}\n");
    assertThat(job(ReferenceModels.folder("base"), "prompts=" + nothing).dryRun().toMake())
        .isEqualTo(1);
  }

  @Test
  void aModelWhoseTableNamesNoImageIsRefused() throws IOException {
    Path table = Files.writeString(folder.resolve("texts.csv"), "id,prompt\na,fox\n");
    assertRefused(
        ReferenceModels.folder("depth"),
        "Cannot use the model: this is a depth model: it needs init_image and depth_image (neither)",
        "prompts=" + table);
  }

  @Test
  void aJobsStrengthOfNoStepIsRefusedUnlessRowsHaveTheirOwn() throws IOException {
    Path model = ReferenceModels.folder("base");
    String[] weak = {"init_image=" + image, "strength=0.2"};
    assertRefused(
        model,
        "Cannot use strength: one step must be taken at least (0.2 of 4 steps)",
        "prompt=fox",
        weak[0],
        weak[1]);
    Path table =
        Files.writeString(folder.resolve("strong.csv"), "id,prompt,strength\na,fox,0.9\nb,fox,\n");
    assertThat(job(model, "prompts=" + table, weak[0], weak[1]).dryRun().lines())
        .contains("  1: Cannot use strength: one step must be taken at least");
  }

  /** Flat as it came, once it is cropped, and between the pixels that its latents look at. */
  @Test
  void aDepthInWhichNothingIsNearerFailsItsRowAlone() throws IOException {
    draw("flat", 64, (x, y) -> 90);
    draw("framed", 192, (x, y) -> x < 64 ? 20 : 90);
    draw("dotted", 64, (x, y) -> x % 8 == 0 ? 20 : 90);
    draw("leaning", 64, (x, y) -> x + y);
    Path table =
        Files.writeString(
            folder.resolve("rows.csv"),
            """
            id,prompt,init_image,depth_image
            flat,fox,in.png,flat.png
            framed,fox,in.png,framed.png
            dotted,fox,in.png,dotted.png
            leaning,fox,in.png,leaning.png
            """);
    job(ReferenceModels.folder("depth"), "prompts=" + table, "init_image_fit=crop").execute();

    String flat = "Cannot use depth_image: parts must be nearer than others (none are)";
    Path rows = folder.resolve("out/rows");
    assertThat(LocalSpark.session().read().parquet(rows.toString()).collectAsList())
        .extracting(row -> row.getAs("id") + ": " + row.getAs("error"))
        .containsExactlyInAnyOrder(
            "flat: " + flat, "framed: " + flat, "dotted: " + flat, "leaning: null");
  }

  private void draw(String name, int width, IntBinaryOperator grey) throws IOException {
    byte[] rgb = new byte[3 * width * 64];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) grey.applyAsInt(i / 3 % width, i / 3 / width);
    }
    byte[] png = PngEncoder.encode(new RgbImage(width, 64, rgb), List.of());
    Files.write(folder.resolve(name + ".png"), png);
  }

  @Test
  void aModelWithoutAnEncoderIsRefusedWhereAnImageIsGivenAlone() throws IOException {
    Path model = CopiedModel.of("base", folder.resolve("base"));
    VaeConfig config = VaeConfig.read(model.resolve("vae/config.json"));
    AdapterFiles.zeros(
        model.resolve("vae/diffusion_pytorch_model.safetensors"),
        new AutoencoderKlDecoder(config)
            .record(Dtype.FLOAT32, 1, 1, 1).weights().entrySet().stream()
                .map(one -> "%s F32 %s".formatted(one.getKey(), sizes(one.getValue().sizes())))
                .toArray(String[]::new));
    assertRefused(
        model,
        "Cannot use init_image: the model's vae must have an encoder, take the whole vae folder (Cannot find ",
        "prompt=fox",
        "init_image=" + image);
    assertThat(job(model, "prompt=fox").dryRun().toMake()).isEqualTo(1);
  }

  private static String sizes(long[] sizes) {
    return Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining(","));
  }

  private void assertRefused(Path model, String message, String... settings) throws IOException {
    GenerateJob job = job(model, settings);
    assertThatThrownBy(job::dryRun)
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(message);
  }

  private GenerateJob job(Path model, String... settings) throws IOException {
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    List<String> all =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=" + model,
                "num_images=1",
                "num_inference_steps=4",
                "resolution=64",
                "device=cpu",
                "weights_dtype=float32",
                "output_dir=" + folder.resolve("out")));
    all.addAll(List.of(settings));
    return new GenerateJob(LocalSpark.session(), JobConfig.load(config, all));
  }
}
