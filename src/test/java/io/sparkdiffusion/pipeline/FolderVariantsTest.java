package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole folders that differ from the ones that diffusers wrote. */
class FolderVariantsTest {

  @TempDir Path root;

  @BeforeEach
  void copy() throws IOException {
    copy(ReferenceModels.folder("base"), root);
  }

  private static void copy(Path from, Path to) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(from)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path target = to.resolve(from.relativize(file).toString());
      Files.createDirectories(target.getParent());
      Files.copy(file, target);
    }
  }

  /** Puts another variant's network in the place of the folder's. */
  private void replace(Component component, String variant) throws IOException {
    Path folder = root.resolve(component.folder());
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    copy(ReferenceModels.folder("variants/" + variant).resolve(component.folder()), folder);
  }

  private void useHalfPrecision() throws IOException {
    for (Component component : Component.values()) {
      replace(component, "fp16");
    }
  }

  @Test
  void aHalfPrecisionFolderMakesImagesWhateverItsFilesAreCalled() throws IOException {
    useHalfPrecision();
    assertThat(ModelFolder.open(root).files())
        .filteredOn(file -> file.endsWith(".safetensors"))
        .containsExactly(
            "text_encoder/model.fp16.safetensors",
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/diffusion_pytorch_model.fp16.safetensors");
    ImageResult.Generated half = generate();
    for (String file : ModelFolder.open(root).files()) {
      Files.move(root.resolve(file), root.resolve(file.replace(".fp16", "")));
    }
    ImageResult.Generated renamed = generate();

    assertThat(half.rgb()).isEqualTo(renamed.rgb()).hasSize(64 * 64 * 3);
  }

  /** Both UNets are roundings of the same weights; bfloat16 keeps 8 bits of each. */
  @Test
  void networksOfSeveralPrecisionsWorkTogether() throws IOException {
    useHalfPrecision();
    byte[] half = generate().rgb();
    replace(Component.UNET, "bf16");
    byte[] mixed = generate().rgb();
    replace(Component.VAE, "old_vae");
    byte[] otherDecoder = generate().rgb();

    assertThat(mixed).isNotEqualTo(half);
    assertThat(meanDifference(mixed, half)).isLessThan(0.5);
    assertThat(meanDifference(otherDecoder, half)).isGreaterThan(10);
  }

  private static double meanDifference(byte[] left, byte[] right) {
    long sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += Math.abs((left[i] & 0xFF) - (right[i] & 0xFF));
    }
    return (double) sum / left.length;
  }

  @Test
  void everyConfigurationIsReadBeforeItIsRefused() throws IOException {
    edit(Component.TEXT_ENCODER, "\"gelu\"", "\"relu\"");
    edit(Component.UNET, "\"freq_shift\": 0", "\"freq_shift\": \"0\"");
    edit(Component.VAE, "\"out_channels\": 3", "\"out_channels\": 4");

    assertRefused(
        "Cannot use hidden_act of ROOT/text_encoder/config.json: it must be one of quick_gelu, gelu"
            + " (relu)",
        "Cannot use freq_shift of ROOT/unet/config.json: it must be a number (0)",
        "Cannot use out_channels of ROOT/vae/config.json: images have 3 channels (4)");
  }

  @Test
  void networksThatDoNotFitTogetherAreRefusedWithTheirWeights() throws IOException {
    edit(Component.UNET, "\"cross_attention_dim\": 40", "\"cross_attention_dim\": 48");
    edit(Component.UNET, "\"in_channels\": 4", "\"in_channels\": 7");
    edit(Component.TEXT_ENCODER, "\"vocab_size\": 1014", "\"vocab_size\": 1015");

    assertThatThrownBy(() -> Networks.check(ModelFolder.open(root)))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .anySatisfy(
                        line ->
                            assertThat(line)
                                .startsWith("Cannot take 33 weights of unet: their shapes")
                                .contains("conv_in.weight [8, 4, 3, 3]"))
                    .startsWith(
                        "Cannot use %s: the UNet's cross_attention_dim must be the text encoder's"
                                .formatted(root)
                            + " hidden_size (48 and 40)",
                        "Cannot use %s: a UNet must take and give the VAE's latent_channels, one"
                                .formatted(root)
                            + " more for depth, twice as many and one for inpainting, or with"
                            + " classes three more for upscaling (7 and 4, 4)",
                        "Cannot take weight text_model.embeddings.token_embedding.weight of"
                            + " text_encoder: its shape must be [1015, 40] ([1014, 40])"));
  }

  private void edit(Component component, String old, String replacement) throws IOException {
    Path file = root.resolve(component.folder()).resolve("config.json");
    String text = Files.readString(file);
    assertThat(text).contains(old);
    Files.writeString(file, text.replace(old, replacement));
  }

  private void assertRefused(String... problems) {
    assertThatThrownBy(() -> Networks.check(ModelFolder.open(root)))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        Stream.of(problems)
                            .map(problem -> problem.replace("ROOT", root.toString()))
                            .toArray(String[]::new)));
  }

  private ImageResult.Generated generate() {
    ImageRequest request =
        Requests.of(
            "row",
            0,
            "a red circle",
            "blue",
            Parameters.SEED.of(7L),
            Parameters.NUM_INFERENCE_STEPS.of(3),
            Parameters.GUIDANCE_RESCALE.of(0.7),
            Parameters.HEIGHT.of(64),
            Parameters.WIDTH.of(64));
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(root), new PipelineOptions("cpu", "float32", 1, Map.of()))) {
      return (ImageResult.Generated) pipeline.generate(List.of(request)).get(0);
    }
  }
}
